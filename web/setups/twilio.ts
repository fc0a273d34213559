import { serviceUrl, type Setup } from './setup.ts';

/** A Studio flow. Its HTTP widget sends no headers, so the token is a parameter; it waits ten seconds. */
export const twilio: Setup = (values) => {
  const at = (x: number, y: number) => ({ offset: { x, y } });
  const ring = (name: string, user: string, place: ReturnType<typeof at>) => ({
    name,
    type: 'connect-call-to',
    transitions: [{ event: 'callCompleted' }, { event: 'hangup' }],
    properties: {
      ...place,
      noun: 'sip',
      sip_endpoint: `sip:${user}@YOUR-SIP-DOMAIN`,
      caller_id: '{{contact.channel.address}}',
      timeout: 30,
    },
  });
  const flow = {
    description: 'Trunkline: ring the extension that Salesforce names',
    initial_state: 'Trigger',
    flags: { allow_concurrent_calls: true },
    states: [
      {
        name: 'Trigger',
        type: 'trigger',
        transitions: [
          { event: 'incomingMessage' },
          { event: 'incomingCall', next: 'ask_trunkline' },
          { event: 'incomingConversationMessage' },
          { event: 'incomingRequest' },
          { event: 'incomingParent' },
        ],
        properties: at(0, 0),
      },
      {
        name: 'ask_trunkline',
        type: 'make-http-request',
        transitions: [
          { event: 'success', next: 'has_extension' },
          { event: 'failed', next: 'ring_reception' },
        ],
        properties: {
          ...at(0, 220),
          method: 'POST',
          content_type: 'application/x-www-form-urlencoded;charset=utf-8',
          url: serviceUrl(values, 'ExtNo'),
          parameters: [
            { key: 'format', value: 'json' },
            { key: 'callerid', value: '{{trigger.call.From}}' },
            { key: 'calledid', value: '{{trigger.call.To}}' },
            { key: 'Token', value: values.token },
          ],
        },
      },
      {
        name: 'has_extension',
        type: 'split-based-on',
        transitions: [
          { event: 'noMatch', next: 'ring' },
          {
            event: 'match',
            next: 'ring_reception',
            conditions: [
              {
                friendly_name: 'No extension',
                type: 'is_blank',
                arguments: ['{{widgets.ask_trunkline.parsed.extension}}'],
                value: 'Is Blank',
              },
            ],
          },
        ],
        properties: { ...at(0, 460), input: '{{widgets.ask_trunkline.parsed.extension}}' },
      },
      ring('ring', '{{widgets.ask_trunkline.parsed.extension}}', at(0, 700)),
      ring('ring_reception', 'reception', at(360, 700)),
    ],
  };
  return [
    { name: 'trunkline-flow.json', mediaType: 'application/json', text: `${JSON.stringify(flow, undefined, 2)}\n` },
  ];
};
