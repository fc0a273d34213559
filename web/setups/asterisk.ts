import { patienceSeconds, serviceUrl, type Setup } from './setup.ts';

/**
 * `CURL()` waits three minutes unless told otherwise, and answers with an empty text when it fails. It hands over the body whatever the
 * status, so only what can be an extension is dialled: a refusal is a sentence. `REGEX()` takes any text as it is, where quotes in it
 * would break an expression of the form `$[…]`; `CURL()` has cut off the newline.
 */
export const asterisk: Setup = (values) => [
  {
    name: 'extensions.conf',
    mediaType: 'text/plain',
    text: `[trunkline]
exten => _[+0-9].,1,NoOp(Trunkline: whose extension should ring?)
 same => n,Set(CURLOPT(conntimeout)=2)
 same => n,Set(CURLOPT(httptimeout)=${patienceSeconds(values)})
 same => n,Set(TRUNKLINE=\${CURL(${serviceUrl(values, 'ExtNo')}?format=text&callerid=\${URIENCODE(\${CALLERID(num)})}&calledid=\${URIENCODE(\${EXTEN})}&token=${values.token})})
 same => n,GotoIf(\${REGEX("^[A-Za-z0-9*#+._-]+$" \${TRUNKLINE})}?:nobody)
 same => n,Dial(PJSIP/\${TRUNKLINE},30)
 same => n,Hangup()
 same => n(nobody),Goto(from-internal,0,1)
`,
  },
];
