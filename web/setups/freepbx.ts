import { serviceUrl, type Setup } from './setup.ts';

/** A source for Caller ID Superfecta, which gives each source three seconds. An empty answer is no name, and the next source is asked. */
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
            'format' => 'text',
            'callerid' => $thenumber,
            'token' => isset($run_param['Token']) ? $run_param['Token'] : ''
        ));
        $answer = $this->get_url_contents('${serviceUrl(values, 'DataLookup')}?' . $query);
        $lines = explode("\\n", (string) $answer);
        return trim($lines[0]);
    }
}
`,
  },
];
