import { serviceUrl, type Setup } from './setup.ts';

/**
 * A source for Caller ID Superfecta, which gives each source three seconds. An empty answer is no name, and the next source is asked. Some
 * of its versions hand over the body whatever the status: only an answer says its reason, so what says none is no name.
 */
export const freepbx: Setup = (values) => [
  {
    name: 'source-Trunkline.module',
    mediaType: 'application/x-php',
    text: `<?php
class Trunkline extends superfecta_base {

    public $description = 'Names of callers from Salesforce, by Trunkline';
    public $version_requirement = '2.11';
    public $source_param = array(
        'Token' => array(
            'description' => 'Token of the phone system',
            'type' => 'password',
            'default' => ''
        )
    );

    function get_caller_id($thenumber, $run_param = array()) {
        $query = http_build_query(array(
            'format' => 'json',
            'meta' => '1',
            'callerid' => $thenumber,
            'token' => isset($run_param['Token']) ? $run_param['Token'] : ''
        ));
        $answer = json_decode((string) $this->get_url_contents('${serviceUrl(values, 'DataLookup')}?' . $query), true);
        if (!is_array($answer) || !isset($answer['_reason'])) {
            return '';
        }
        unset($answer['_reason'], $answer['_run'], $answer['_matches']);
        $lines = preg_split('/[\\r\\n]/', trim((string) reset($answer)));
        return $lines[0];
    }
}
`,
  },
];
