import { serviceUrl, type Setup } from './setup.ts';

/** The Lambda block waits eight seconds at most, and a flow reads a flat map of texts. */
export const amazonConnect: Setup = (values) => {
  const limitMs = Math.min(values.deadlineMs + 1_000, 7_500);
  const block = {
    Version: '2019-10-30',
    StartAction: 'ask-trunkline',
    Metadata: { name: 'Trunkline' },
    Actions: [
      {
        Identifier: 'ask-trunkline',
        Type: 'InvokeLambdaFunction',
        Parameters: {
          LambdaFunctionARN: 'PASTE-THE-ARN-OF-THE-FUNCTION-HERE',
          InvocationTimeLimitSeconds: String(Math.min(8, Math.ceil(limitMs / 1_000))),
          ResponseValidation: { ResponseType: 'STRING_MAP' },
        },
        Transitions: {
          NextAction: 'keep-extension',
          Errors: [{ NextAction: 'end', ErrorType: 'NoMatchingError' }],
          Conditions: [],
        },
      },
      {
        Identifier: 'keep-extension',
        Type: 'UpdateContactAttributes',
        Parameters: {
          Attributes: { trunklineExtension: '$.External.extension', trunklineReason: '$.External.reason' },
          TargetContact: 'Current',
        },
        Transitions: {
          NextAction: 'end',
          Errors: [{ NextAction: 'end', ErrorType: 'NoMatchingError' }],
          Conditions: [],
        },
      },
      { Identifier: 'end', Type: 'DisconnectParticipant', Parameters: {}, Transitions: {} },
    ],
  };
  return [
    {
      name: 'index.mjs',
      mediaType: 'text/javascript',
      text: `// Set the environment variable TRUNKLINE_TOKEN to the token of the phone system.
export const handler = async (event) => {
  const { CustomerEndpoint, SystemEndpoint } = event.Details.ContactData;
  const query = new URLSearchParams({
    format: 'json',
    callerid: CustomerEndpoint?.Address ?? '',
    calledid: SystemEndpoint?.Address ?? '',
  });
  const response = await fetch(\`${serviceUrl(values, 'ExtNo')}?\${query}\`, {
    headers: { authorization: \`Bearer \${process.env.TRUNKLINE_TOKEN}\` },
    signal: AbortSignal.timeout(${limitMs}),
  });
  if (!response.ok) throw new Error(\`Trunkline answered \${response.status}\`);
  const { extension, reason, run } = await response.json();
  return { extension, reason, run };
};
`,
    },
    { name: 'trunkline-flow.json', mediaType: 'application/json', text: `${JSON.stringify(block, undefined, 2)}\n` },
  ];
};
