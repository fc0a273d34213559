import { patienceSeconds, serviceUrl, type Setup } from './setup.ts';

/** `CURL()` waits three minutes unless told otherwise, and answers with an empty text when it fails. */
export const asterisk: Setup = (values) => [
  {
    name: 'extensions.conf',
    mediaType: 'text/plain',
    text: `[trunkline]
exten => _[+0-9].,1,NoOp(Trunkline: whose extension should ring?)
 same => n,Set(CURLOPT(conntimeout)=2)
 same => n,Set(CURLOPT(httptimeout)=${patienceSeconds(values)})
 same => n,Set(TRUNKLINE=\${CURL(${serviceUrl(values, 'ExtNo')}?format=text&callerid=\${URIENCODE(\${CALLERID(num)})}&calledid=\${URIENCODE(\${EXTEN})}&token=${values.token})})
 same => n,Set(TRUNKLINE=\${FILTER(0-9A-Za-z*#,\${TRUNKLINE})})
 same => n,GotoIf($["\${TRUNKLINE}" = ""]?nobody)
 same => n,Dial(PJSIP/\${TRUNKLINE},30)
 same => n,Hangup()
 same => n(nobody),Goto(from-internal,0,1)
`,
  },
];
