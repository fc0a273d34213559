import { escapeHtml as xml } from '../presenters/html.ts';
import { patienceSeconds, serviceUrl, type Setup } from './setup.ts';

/**
 * A route by mod_curl, and the caller's name by mod_cidlookup, which gives up after two seconds of its own. Conditions are read before the
 * actions of a dialplan run, so the call is transferred to decide by the answer; without one it goes to extension 0. mod_curl hands over
 * the body whatever the status, so the status is looked at, too.
 */
export const freeswitch: Setup = (values) => {
  const { token } = values;
  const route = `${serviceUrl(values, 'ExtNo')}?format=text&callerid=\${url_encode(\${caller_id_number})}&calledid=\${url_encode(\${destination_number})}&token=${token}`;
  const name = `${serviceUrl(values, 'DataLookup')}?format=text&callerid=\${caller_id_number}&token=${token}`;
  return [
    {
      name: 'dialplan/public/10_trunkline.xml',
      mediaType: 'application/xml',
      text: `<include>
  <extension name="trunkline">
    <condition field="destination_number" expression="^\\+?\\d+$">
      <action application="set" data="curl_timeout=${patienceSeconds(values)}"/>
      <action application="curl" data="${xml(route)}"/>
      <action application="transfer" data="trunkline XML public"/>
    </condition>
  </extension>
  <extension name="trunkline-found">
    <condition field="destination_number" expression="^trunkline$"/>
    <condition field="\${curl_response_code}" expression="^200$"/>
    <condition field="\${curl_response_data}" expression="^([A-Za-z0-9*#+._-]+)\\s*$">
      <action application="bridge" data="user/$1@\${domain_name}"/>
    </condition>
  </extension>
  <extension name="trunkline-nobody">
    <condition field="destination_number" expression="^trunkline$">
      <action application="transfer" data="0 XML default"/>
    </condition>
  </extension>
</include>
`,
    },
    {
      name: 'autoload_configs/cidlookup.conf.xml',
      mediaType: 'application/xml',
      text: `<configuration name="cidlookup.conf" description="Caller names from Salesforce by Trunkline">
  <settings>
    <param name="url" value="${xml(name)}"/>
    <param name="curl-timeout" value="${values.deadlineMs + 500}"/>
    <param name="cache" value="false"/>
  </settings>
</configuration>
`,
    },
  ];
};
