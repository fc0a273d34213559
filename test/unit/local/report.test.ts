import { expect, test, vi, onTestFinished } from 'vitest';
import { createReport } from '../../../src/local/report.ts';

function reporting() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const lines: string[] = [];
  return { lines, report: createReport((line) => lines.push(line)) };
}

test('says a step once, with the time it took', async () => {
  const { lines, report } = reporting();
  const step = report.step(
    'PostgreSQL',
    () => new Promise((resolve) => setTimeout(resolve, 1_500)),
    () => 'ready on port 5433',
  );
  await vi.advanceTimersByTimeAsync(1_500);
  await step;
  expect(lines).toEqual(['  PostgreSQL         ready on port 5433 (1.5 s)']);
});

test('shows every few seconds that a long step is alive', async () => {
  const { lines, report } = reporting();
  const step = report.step('Temporal', async (progress) => {
    progress('downloading the Temporal server');
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    progress('building the Temporal server, 80 s so far');
    await new Promise((resolve) => setTimeout(resolve, 4_000));
  });
  await vi.advanceTimersByTimeAsync(16_000);
  await step;
  expect(lines).toEqual([
    '  Temporal           downloading the Temporal server, 5 s so far',
    '  Temporal           downloading the Temporal server, 10 s so far',
    '  Temporal           building the Temporal server, 80 s so far',
    '  Temporal           ready (16.0 s)',
  ]);
});

test('a step that fails is silent: its error speaks', async () => {
  const { lines, report } = reporting();
  await expect(report.step('Temporal', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(lines).toEqual([]);
});
