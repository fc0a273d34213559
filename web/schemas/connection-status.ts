import { Type } from 'typebox';
import { connectionStates } from '../../src/domain/connection.ts';
import { earlyWarnings } from '../../src/domain/early-warnings.ts';

/** One of these texts, for the compiler too. */
const oneOf = <Text extends string>(texts: readonly Text[], description: string) =>
  Type.Unsafe<Text>(
    Type.Union(
      texts.map((each) => Type.Literal(each)),
      { description },
    ),
  );
const text = (description: string) => Type.String({ description });
const textOrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const momentOrNull = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description });

export const OrgParamsSchema = Type.Object({
  orgId: Type.String({
    description: 'Salesforce org id (15 or 18 characters), in any case',
    examples: ['00DA0000000BhM2MAK'],
    maxLength: 40,
  }),
});

/** The page of a connection, for programs. */
export const ConnectionStatusSchema = Type.Object({
  orgId: text('Salesforce org id, 18 characters'),
  status: text('The word of the page: `Active` or `Inactive`'),
  state: oneOf(connectionStates, '`active` and `degraded` are Active, `broken` and `disconnected` are Inactive'),
  since: Type.String({ format: 'date-time', description: 'When this state began' }),
  summary: text('What the page says beneath the word'),
  reason: textOrNull('Why the connection is not simply active, as a code'),
  explanation: textOrNull('Why, in words; also where nothing is connected'),
  nextStep: textOrNull('What to do'),
  setup: textOrNull('Where to click in Salesforce'),
  warnings: Type.Array(
    Type.Object({
      warning: oneOf(earlyWarnings, 'Which warning'),
      explanation: Type.String(),
      nextStep: Type.String(),
      setup: textOrNull('Where to click in Salesforce'),
    }),
    { description: 'What may break the connection' },
  ),
  lastChecked: momentOrNull('Last check'),
  lastRefreshed: momentOrNull('Last refresh'),
  nextRefresh: momentOrNull('Next refresh'),
  apiCalls: Type.Union([Type.Object({ used: Type.Integer(), max: Type.Integer() }), Type.Null()], {
    description: 'API calls of the org today',
  }),
});
