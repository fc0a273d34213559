import { troubleReasons, type AnswerReason, type LookupRun } from '../../src/domain/lookup.ts';
import type { LookupRunLog } from '../../src/ports.ts';
import type { Texts } from '../texts.ts';

/** What the charts of a phone system span, each with how it is divided. */
export const figureRanges = {
  hour: { rangeMs: 3_600_000, spanMs: 60_000 },
  day: { rangeMs: 86_400_000, spanMs: 900_000 },
  week: { rangeMs: 604_800_000, spanMs: 7_200_000 },
} as const;
export type FigureRange = keyof typeof figureRanges;
export const figureRangeNames = Object.keys(figureRanges) as FigureRange[];

/** The spans of time up to now, whole ones only but the last. */
export function figureTime(range: FigureRange, nowMs: number) {
  const { rangeMs, spanMs } = figureRanges[range];
  const toMs = Math.floor(nowMs / spanMs) * spanMs + spanMs;
  return { fromMs: toMs - rangeMs, toMs, spanMs };
}

export const outcomes = ['found', 'not-found', 'trouble'] as const;
export type Outcome = (typeof outcomes)[number];

type Reason = LookupRun['answer']['reason'];

export function outcomeOf(reason: Reason): Outcome {
  if (reason === 'matched' || reason === 'matched-several') return 'found';
  return reason === 'unknown' || troubleReasons.has(reason) ? 'trouble' : 'not-found';
}

/** Numbers for a chart, a value for each span; null where nothing was measured. */
export interface FigureSeries {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

export interface Figures {
  readonly range: FigureRange;
  readonly isEmpty: boolean;
  readonly total: number;
  readonly shares: readonly { reason: string; outcome: Outcome; count: number; share: number; percent: string }[];
  readonly whole: {
    readonly p50: number | undefined;
    readonly p95: number | undefined;
    readonly p99: number | undefined;
  };
  readonly rows: readonly {
    startMs: number;
    perMinute: string;
    counts: Readonly<Record<Outcome, number>>;
    p50: number | undefined;
    p95: number | undefined;
    p99: number | undefined;
  }[];
  /** What the script draws. */
  readonly charts: {
    /** Epoch seconds. */
    readonly times: readonly number[];
    readonly spanSeconds: number;
    readonly answers: readonly FigureSeries[];
    readonly durations: readonly FigureSeries[];
    readonly deadline: FigureSeries;
  };
}

export function presentFigures(
  figures: Awaited<ReturnType<LookupRunLog['spans']>>,
  about: {
    readonly range: FigureRange;
    readonly time: ReturnType<typeof figureTime>;
    readonly deadlineMs: number;
    readonly locale: string;
  },
  t: Texts,
): Figures {
  const { range, time, deadlineMs, locale } = about;
  const { spans, whole } = figures;
  const decimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const minutes = time.spanMs / 60_000;
  const countsOf = ({ answers }: Pick<typeof whole, 'answers'>): Record<Outcome, number> => {
    const counts = { found: 0, 'not-found': 0, trouble: 0 };
    for (const [reason, count] of entries(answers)) counts[outcomeOf(reason)] += count;
    return counts;
  };
  const byStart = new Map(spans.map((span) => [span.startMs, span]));
  const all = Array.from({ length: Math.round((time.toMs - time.fromMs) / time.spanMs) }, (_, index) => {
    const startMs = time.fromMs + index * time.spanMs;
    const span = byStart.get(startMs) ?? { startMs, answers: {}, p50: undefined, p95: undefined, p99: undefined };
    return { ...span, counts: countsOf(span) };
  });
  const total = entries(whole.answers).reduce((sum, [, count]) => sum + count, 0);
  return {
    range,
    isEmpty: total === 0,
    total,
    shares: entries(whole.answers)
      .map(([reason, count]) => ({
        reason: t(`answers.${reason}`),
        outcome: outcomeOf(reason),
        count,
        share: count / total,
        percent: percent.format(count / total),
      }))
      .sort((a, b) => b.count - a.count),
    whole,
    rows: all
      .filter(({ startMs }) => byStart.has(startMs))
      .map(({ startMs, counts, p50, p95, p99 }) => ({
        startMs,
        perMinute: decimal.format((counts.found + counts['not-found'] + counts.trouble) / minutes),
        counts,
        p50,
        p95,
        p99,
      }))
      .reverse(),
    charts: {
      times: all.map(({ startMs }) => startMs / 1_000),
      spanSeconds: time.spanMs / 1_000,
      answers: outcomes.map((outcome) => ({
        name: t(`figures.outcomes.${outcome}`),
        values: all.map(({ counts }) => counts[outcome] / minutes),
      })),
      durations: (['p50', 'p95', 'p99'] as const).map((name) => ({
        name: t(`figures.percentiles.${name}`),
        values: all.map((span) => span[name] ?? null),
      })),
      deadline: { name: t('figures.deadline'), values: all.map(() => deadlineMs) },
    },
  };
}

const entries = (answers: Readonly<Partial<Record<Reason, number>>>) =>
  Object.entries(answers) as [AnswerReason | 'unknown', number][];
