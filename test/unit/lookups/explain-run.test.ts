import { expect, it } from 'vitest';
import type { LookupTrace } from '../../../src/domain/lookup-trace.ts';
import type { LookupRun } from '../../../src/domain/lookup.ts';
import { defaultDialingRules } from '../../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../../src/phone-numbers/read-number.ts';
import { createRecordSearch } from '../../../src/salesforce/record-search.ts';
import { unaskedData } from '../../../src/salesforce/unasked-data.ts';
import { createExplainRun } from '../../../src/use-cases/explain-run.ts';
import { createFindRecord } from '../../../src/use-cases/find-record.ts';
import { accountId, lookup, orgId, pbx } from '../../support/fakes/lookups.ts';

const explainRun = createExplainRun({ findRecord: createFindRecord(createRecordSearch(unaskedData)), readNumber });
const rules = { ...defaultDialingRules('DE'), outsidePrefixes: '9' };
const trace: LookupTrace = {
  readMs: 0.02,
  caller: { kind: 'number', e164: '+493023125001' },
  events: [
    ['asking', 1, 'values', 1],
    ['asking', 60, 'values', 1],
    ['answered', 80, 'values', 0],
    ['asking', 80, 'digits', 1],
    ['asking', 90, 'user', 1],
  ],
  leftOut: 0,
};
const run: LookupRun = {
  id: '11111111-1111-4111-8111-111111111112',
  askedAtMs: 0,
  accountId,
  pbxId: pbx.id,
  orgId,
  lookupId: lookup.id,
  lookupVersion: lookup.version,
  service: 'extension',
  isTest: false,
  question: { callerId: '9030 23125001' },
  number: '+493023125001',
  answer: { reason: 'no-match', extension: '100', matches: 0, ms: 95 },
  found: undefined,
  foundAtMs: undefined,
  trace,
  repeats: 0,
};

it('makes the spellings and the queries again that were searched for, each attempt’s, but those for a user', async () => {
  const { numbers, queries } = await explainRun(run, trace, { lookup, rules });
  expect(numbers.caller).toMatchObject({ prefixCut: '9', number: { e164: '+493023125001' } });
  expect(queries).toEqual([
    [expect.stringMatching(/^SELECT .* FROM Contact WHERE .*03023125001/)],
    queries[0],
    [expect.stringMatching(/^FIND .*RETURNING Contact/)],
    [],
  ]);
});

it('makes none again of a lookup that has been changed since, or is gone', async () => {
  for (const other of [{ ...lookup, version: lookup.version + 1 }, undefined]) {
    const { numbers, queries } = await explainRun(run, trace, { lookup: other, rules });
    expect(numbers.caller?.spellings).not.toEqual([]);
    expect(queries).toEqual([[], [], [], []]);
  }
});

it('says nothing of a number that would be read otherwise now', async () => {
  const nothing = { trace, numbers: { caller: undefined, called: undefined }, queries: [[], [], [], []] };
  expect(await explainRun(run, trace, { lookup, rules: defaultDialingRules('FR') })).toEqual(nothing);
  expect(await explainRun(run, trace, { lookup, rules: undefined })).toEqual(nothing);
});

it('leaves out texts that are not as many as were sent', async () => {
  const more: LookupTrace = { ...trace, events: [['asking', 1, 'values', 7]] };
  expect((await explainRun(run, more, { lookup, rules })).queries).toEqual([[]]);
});
