import { patienceSeconds, serviceUrl, type Setup } from './setup.ts';

/**
 * A custom action of the integration "Web Services Data Actions", whose credentials have a field `token`. Its templates are Velocity's,
 * which writes the reference itself, `${input.calledId}`, where an input is not set, unless it is marked as quiet by `!`.
 */
export const genesys: Setup = (values) => {
  const text = { type: 'string' } as const;
  const action = {
    name: 'Trunkline: whose extension should ring',
    integrationType: 'custom-rest-actions',
    actionType: 'custom',
    config: {
      request: {
        requestUrlTemplate: `${serviceUrl(values, 'ExtNo')}?format=json&callerid=$esc.url("$!{input.callerId}")&calledid=$esc.url("$!{input.calledId}")`,
        requestType: 'GET',
        headers: { Authorization: 'Bearer ${credentials.token}', Accept: 'application/json' },
        requestTemplate: '${input.rawRequest}',
      },
      response: {
        translationMap: { extension: '$.extension', reason: '$.reason', run: '$.run' },
        translationMapDefaults: { extension: '""', reason: '"unknown"', run: '""' },
        successTemplate: '{"extension": ${extension}, "reason": ${reason}, "run": ${run}}',
      },
      timeoutSeconds: patienceSeconds(values),
    },
    contract: {
      input: {
        inputSchema: {
          type: 'object',
          required: ['callerId'],
          properties: { callerId: text, calledId: text },
          additionalProperties: true,
        },
      },
      output: {
        successSchema: {
          type: 'object',
          properties: { extension: text, reason: text, run: text },
          additionalProperties: true,
        },
      },
    },
    secure: false,
  };
  return [
    {
      name: 'trunkline-extension.custom.json',
      mediaType: 'application/json',
      text: `${JSON.stringify(action, undefined, 2)}\n`,
    },
  ];
};
