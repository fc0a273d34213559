import { expect, it, vi } from 'vitest';
import { traceLookup } from '../../../src/use-cases/trace-lookup.ts';
import { readQuestion } from '../../../src/use-cases/read-question.ts';
import { foundContact } from '../../support/fakes/lookups.ts';
import { readNumber } from '../../support/phone-api.ts';

const question = { callerId: '0752543312' };
let nowMs = 0;
const newTracer = () =>
  traceLookup(question, readQuestion(question, readNumber), { readMs: 0.0234, elapsedMs: () => nowMs });

it('tells what happened and when, in whole milliseconds since the question', () => {
  const { observe, take } = newTracer();
  nowMs = 1.4;
  observe({ kind: 'asking', call: 'values', count: 3, texts: () => ['SELECT'] });
  nowMs = 21.6;
  observe({ kind: 'answered', call: 'values', rows: () => 2 });
  nowMs = 22;
  observe({
    kind: 'judged',
    records: () => [
      { step: 0, record: foundContact('003A0000000AbCdIAK'), verdict: 'winner' },
      { step: 0, record: foundContact('003A0000000AbCeIAK'), verdict: 'also-matches' },
    ],
  });
  expect(take()()).toEqual({
    readMs: 0.02,
    caller: { kind: 'number', e164: '+49752543312' },
    events: [
      ['asking', 1, 'values', 3],
      ['answered', 22, 'values', 2],
      ['judged', 22, 0, 'winner', 'Contact', ['003A0000000AbCdIAK']],
      ['judged', 22, 0, 'also-matches', 'Contact', ['003A0000000AbCeIAK']],
    ],
    leftOut: 0,
  });
});

it('puts nothing in words before that is asked for, and holds none of it afterwards', () => {
  const { observe, take } = newTracer();
  const rows = vi.fn(() => 1);
  observe({ kind: 'answered', call: 'values', rows });
  const trace = take();
  expect(rows).not.toHaveBeenCalled();
  expect(trace().events).toHaveLength(1);
  expect(trace().events).toHaveLength(0);
});

it('takes nothing of what happens later', () => {
  const { observe, take } = newTracer();
  const trace = take();
  observe({ kind: 'answered', call: 'digits', rows: () => 9 });
  expect(trace().events).toEqual([]);
});
