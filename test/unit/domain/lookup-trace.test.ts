import { expect, it } from 'vitest';
import { createTracer, traceLimits } from '../../../src/domain/lookup-trace.ts';

const idOf = (index: number) => `003A00000000${String(index).padStart(3, '0')}IAK`;

it('puts the records of one step and verdict together', () => {
  const tracer = createTracer();
  tracer.judge(40, 0, 'winner', 'Contact', idOf(1));
  tracer.judge(40, 0, 'also-matches', 'Contact', idOf(2));
  tracer.judge(40, 0, 'also-matches', 'Contact', idOf(3));
  tracer.judge(40, 1, 'later-step', 'Lead', idOf(4));
  expect(tracer.taken().events).toEqual([
    ['judged', 40, 0, 'winner', 'Contact', [idOf(1)]],
    ['judged', 40, 0, 'also-matches', 'Contact', [idOf(2), idOf(3)]],
    ['judged', 40, 1, 'later-step', 'Lead', [idOf(4)]],
  ]);
});

it('has room for the record that wins, however many came before it, and counts what has none', () => {
  const tracer = createTracer();
  for (let index = 0; index < 200; index++) tracer.judge(40, 0, 'other-number', 'Contact', idOf(index));
  tracer.judge(40, 1, 'winner', 'Lead', idOf(999));
  const { events, leftOut } = tracer.taken();
  expect(events.at(-1)).toEqual(['judged', 40, 1, 'winner', 'Lead', [idOf(999)]]);
  expect(leftOut).toBe(200 - (traceLimits.records - 1));
});

it('stays small, whatever happens', () => {
  const tracer = createTracer();
  for (let attempt = 0; attempt < 3; attempt++) {
    tracer.add(['asking', 1_234, 'values', 10]);
    for (let step = 0; step < 10; step++) tracer.add(['refused', 1_234, step, 'INVALID_QUERY_FILTER_OPERATOR']);
  }
  for (let index = 0; index < 200; index++) tracer.judge(1_234, index % 10, 'also-matches', 'Contact', idOf(index));
  expect(JSON.stringify(tracer.taken().events).length).toBeLessThan(1_100);
  const usual = createTracer();
  usual.add(['asking', 3, 'values', 3]);
  usual.add(['answered', 41, 'values', 1]);
  usual.add(['extension', 41, 0, 'map']);
  usual.judge(41, 0, 'winner', 'Contact', idOf(1));
  expect(JSON.stringify(usual.taken().events).length).toBeLessThan(150);
});

it('is what was taken, whatever is told later', () => {
  const tracer = createTracer();
  tracer.add(['asking', 3, 'values', 3]);
  const { events } = tracer.taken();
  tracer.add(['answered', 1_600, 'values', 1]);
  tracer.judge(1_600, 0, 'winner', 'Contact', idOf(1));
  expect(events).toEqual([['asking', 3, 'values', 3]]);
});
