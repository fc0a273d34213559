import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { DialingRules } from '../domain/dialing-rules.ts';
import {
  comparedForms,
  filterOperators,
  filterTypes,
  fixedForms,
  readyMadeConditions,
  type LookupStep,
} from '../domain/lookup-step.ts';
import { answerReasons, definitionFaults, type DefinitionProblem, type Fallbacks } from '../domain/lookup.ts';

/*
 * What is stored as JSON, as schemas: a row written by another version of the program is refused when it is read, not when a caller
 * waits. The types below hold the schemas to the domain's.
 */

const oneOf = <const T extends string>(values: readonly T[]) => Type.Union(values.map((value) => Type.Literal(value)));
const exact = { additionalProperties: false };

const SearchSchema = Type.Union([
  Type.Object({ by: Type.Literal('caller') }, exact),
  Type.Object({ by: Type.Literal('called') }, exact),
  Type.Object(
    { by: Type.Literal('ivr'), as: oneOf(comparedForms), leadingZerosTo: Type.Integer({ minimum: 0 }) },
    exact,
  ),
  Type.Object({ by: Type.Literal('fixed'), value: Type.String(), as: oneOf(fixedForms) }, exact),
]);

const ExtensionSchema = Type.Union([
  Type.Object({ from: Type.Literal('record'), field: Type.String() }, exact),
  Type.Object(
    {
      from: Type.Literal('user'),
      user: Type.Union([
        Type.Object({ is: Type.Literal('field'), field: Type.String() }, exact),
        Type.Object({ is: Type.Literal('named'), name: Type.String() }, exact),
        Type.Object({ is: Type.Literal('named-in'), field: Type.String() }, exact),
      ]),
      userField: Type.String(),
    },
    exact,
  ),
]);

const FilterSchema = Type.Object(
  { field: Type.String(), type: oneOf(filterTypes), operator: oneOf(filterOperators), value: Type.String() },
  exact,
);
const OrderSchema = Type.Object({ field: Type.String(), direction: oneOf(['ascending', 'descending']) }, exact);
const ReturnSchema = Type.Object({ field: Type.String(), name: Type.String(), empty: Type.String() }, exact);

export const StepsSchema = Type.Array(
  Type.Object(
    {
      search: SearchSchema,
      object: Type.String(),
      fields: Type.Array(Type.String()),
      only: Type.Array(oneOf(readyMadeConditions)),
      filters: Type.Array(FilterSchema),
      order: Type.Array(OrderSchema),
      whenSeveral: oneOf(['first', 'answer-several']),
      extension: Type.Optional(ExtensionSchema),
      returns: Type.Array(ReturnSchema),
    },
    exact,
  ),
);

export const FallbacksSchema = Type.Partial(
  Type.Object(
    Object.fromEntries(answerReasons.map((reason) => [reason, Type.String()])) as Record<
      (typeof answerReasons)[number],
      ReturnType<typeof Type.String>
    >,
    exact,
  ),
);

const optionalPosition = Type.Optional(Type.Integer({ minimum: 0 }));
export const ProblemsSchema = Type.Array(
  Type.Object(
    {
      step: optionalPosition,
      part: oneOf([
        'name',
        'steps',
        'object',
        'fields',
        'search',
        'filters',
        'order',
        'extension',
        'returns',
        'fallbacks',
      ]),
      position: optionalPosition,
      problem: oneOf(definitionFaults),
      subject: Type.Optional(Type.String()),
    },
    exact,
  ),
);

export const DialingRulesSchema = Type.Object(
  {
    country: Type.String(),
    countryCode: Type.String(),
    longDistancePrefix: Type.String(),
    internationalPrefix: Type.String(),
    dialInternationalPrefix: Type.Boolean(),
    outsidePrefixes: Type.String(),
    addPrefix: Type.String(),
    keepLongDistancePrefix: Type.Boolean(),
    areaCode: Type.String(),
    internalLength: Type.Integer(),
    truncateAt: Type.String(),
    ddiDigits: Type.Integer(),
  },
  exact,
);

const steps = Compile(StepsSchema);
const fallbacks = Compile(FallbacksSchema);
const problems = Compile(ProblemsSchema);
const rules = Compile(DialingRulesSchema);

/** Each throws for JSON of another shape. */
export const readSteps = (json: unknown): readonly LookupStep[] =>
  steps.Parse(json) satisfies Static<typeof StepsSchema>;
export const readFallbacks = (json: unknown): Fallbacks => fallbacks.Parse(json);
export const readDialingRules = (json: unknown): DialingRules => rules.Parse(json);
export const readProblems = (json: unknown): readonly DefinitionProblem[] =>
  problems
    .Parse(json)
    .map(({ step, part, position, problem, subject }) => ({ step, part, position, problem, subject }));
