import { Type, type Static, type TSchema } from 'typebox';
import { answerFormats, answerReasons } from '../../src/domain/lookup.ts';

const text = (description: string, maxLength = 256) => Type.Optional(Type.String({ maxLength, description }));
/** Of any length that a request can have: a number that means nothing is answered, not refused. */
const number = (description: string) =>
  Type.Optional(Type.String({ description: `${description}. More than 256 characters are no number` }));

/** Names may be sent in any case; here they are lower case, as the phone API reads them. */
export const QuestionSchema = Type.Object({
  callerid: number('The caller’s number, as the phone system signals it; empty when it was withheld'),
  calledid: number('The number that was called; searched for where `callerid` is not sent at all'),
  ivrid: text('What the caller keyed in'),
  lookupid: text('The lookup to use; default: that of the phone system'),
  format: Type.Optional(
    Type.Union(
      answerFormats.map((format) => Type.Literal(format)),
      { description: 'Form of the answer; default: by `Accept`, else as the phone system is set up' },
    ),
  ),
  token: text('The phone system’s token, where it cannot send `Authorization: Bearer`', 4_096),
});

export const DataQuestionSchema = Type.Object({
  ...QuestionSchema.properties,
  meta: Type.Optional(
    Type.Union([Type.Literal('0'), Type.Literal('1')], {
      description: '`1`: the answer also has the members `_reason`, `_run` and `_matches`',
    }),
  ),
});
export type DataQuestionParameters = Static<typeof DataQuestionSchema>;

export const PbxAndOrgSchema = Type.Object({
  pbxAndOrg: Type.String({
    description: 'PBX id and Salesforce org id (15 or 18 characters), nothing between, in any case',
    examples: ['47EC1B-B70D69-818AE600DA0000000BhM2MAK'],
  }),
});

export const PbxSchema = Type.Object({
  pbxId: Type.String({ description: 'PBX id', examples: ['47EC1B-B70D69-818AE6'] }),
});

export const TokenQuerySchema = Type.Object({ token: QuestionSchema.properties.token });

const reason = Type.Union(
  answerReasons.map((known) => Type.Literal(known)),
  { description: 'Why this is the answer' },
);

/** Every value is a text, since some phone systems read nothing else. */
export const ExtensionAnswerSchema = Type.Object({
  extension: Type.String({ description: 'The extension to ring; empty when there is none', examples: ['201'] }),
  reason,
  run: Type.String({ description: 'Id of the lookup run, as the portal lists it' }),
  matches: Type.String({ description: 'How many records matched', pattern: '^\\d+$' }),
});

export const DataAnswerSchema = Type.Record(Type.String(), Type.String(), {
  description: 'The chosen fields under their names; empty when nothing was found',
  examples: [{ FirstName: 'Marc' }],
});

export const HealthSchema = Type.Object({
  connection: Type.Union(
    ['active', 'degraded', 'broken', 'disconnected', 'none'].map((state) => Type.Literal(state)),
    { description: 'State of the connection to Salesforce' },
  ),
  status: Type.String({ description: 'The word of the page: `Active` or `Inactive`' }),
  since: Type.Optional(Type.String({ format: 'date-time', description: 'When this state began' })),
  reason: Type.Optional(Type.String({ description: 'Why the connection is not simply active, as a code' })),
  explanation: Type.Optional(Type.String({ description: 'Why, in words; also where nothing is connected' })),
  nextStep: Type.Optional(Type.String({ description: 'What to do' })),
});

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: '`about:blank`' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Identifies the error' }),
    detail: Type.String({ description: 'What happened, and what to do' }),
  },
  { description: 'RFC 9457' },
);

const problem = (description: string, headers: Readonly<Record<string, TSchema>> = {}) => ({
  description,
  headers,
  content: { 'application/problem+json': { schema: ProblemSchema }, 'text/plain': { schema: Type.String() } },
});

export const problems = {
  400: problem('A parameter is missing or cannot be read'),
  401: problem('No token, or one that is not valid', { 'WWW-Authenticate': Type.String() }),
  403: problem('The token of another phone system, or one that may not be used from this address'),
  404: problem('Phone system, org or lookup unknown, or not yours'),
  409: problem('A lookup of the wrong kind'),
  429: problem('Too many requests', { 'Retry-After': Type.Integer({ description: 'Seconds to wait', minimum: 1 }) }),
  500: problem('A fault of this service; its log has the reason'),
};

/** Where a body is read. */
export const bodyProblems = {
  413: problem('A body longer than 64 KiB'),
  415: problem('A body of a type that is not read here'),
};

/** Where the database is asked. */
export const storageProblems = { 503: problem('This service cannot reach its database; ask again') };

const text200 = Type.String();
const answersWith = (schema: TSchema) => {
  const headers = {
    'X-Trunkline-Reason': reason,
    'X-Trunkline-Run': Type.String(),
    'X-Trunkline-Matches': Type.String(),
    'X-Trunkline-Detail': Type.Optional(
      Type.Literal('lookup-broken', {
        description: 'Only where Salesforce refuses a step of the lookup as it is set up',
      }),
    ),
  };
  const content = {
    'text/plain': { schema: text200 },
    'application/json': { schema },
    'application/xml': { schema: text200 },
    'application/x-www-form-urlencoded': { schema: text200 },
  };
  return {
    ...problems,
    200: {
      description: 'The answer; `X-Trunkline-Reason`, `X-Trunkline-Run` and `X-Trunkline-Matches` explain it',
      headers,
      content,
    },
    404: {
      description: `${problems[404].description}; or, where the phone system is set so, an answer that holds nothing`,
      headers,
      content: { ...problems[404].content, ...content },
    },
  };
};
export const extensionAnswers = answersWith(ExtensionAnswerSchema);
export const dataAnswers = answersWith(DataAnswerSchema);
