const dayMs = 86_400_000;

/** From `start` up to, not including, `end`; milliseconds since 1970, days of UTC. */
export interface Period {
  readonly start: number;
  readonly end: number;
}

interface Calendar {
  /** The start of the unit that lies `offset` units after the present one. */
  start(offset: number): number;
}

/**
 * The time that a date literal means. LAST_N_x covers the n whole units before the present one (days: today too), NEXT_N_x those after it,
 * N_x_AGO one of them. Undefined for a name that is none. Fiscal years are calendar years.
 */
export function periodOf(name: string, n: number, nowMs: number): Period | undefined {
  const now = new Date(nowMs);
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  const months = (size: number): Calendar => ({
    start: (offset) => Date.UTC(year, (Math.floor(month / size) + offset) * size, 1),
  });
  const today = Date.UTC(year, month, day);
  const days: Calendar = { start: (offset) => today + offset * dayMs };
  const weeks: Calendar = { start: (offset) => today + (offset * 7 - now.getUTCDay()) * dayMs };
  const calendars: Readonly<Record<string, Calendar>> = {
    DAY: days,
    WEEK: weeks,
    MONTH: months(1),
    QUARTER: months(3),
    YEAR: months(12),
  };
  const between = (calendar: Calendar, from: number, to: number): Period => ({
    start: calendar.start(from),
    end: calendar.start(to),
  });

  if (name === 'TODAY') return between(days, 0, 1);
  if (name === 'YESTERDAY') return between(days, -1, 0);
  if (name === 'TOMORROW') return between(days, 1, 2);
  if (name === 'LAST_90_DAYS') return between(days, -90, 1);
  if (name === 'NEXT_90_DAYS') return between(days, 1, 91);
  const match =
    /^(?:(THIS|LAST|NEXT|LAST_N|NEXT_N)_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S?|N_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO)$/.exec(
      name,
    );
  const calendar = calendars[match?.[2] ?? match?.[3] ?? ''];
  if (match === null || calendar === undefined) return undefined;
  switch (match[1]) {
    case 'THIS':
      return between(calendar, 0, 1);
    case 'LAST':
      return between(calendar, -1, 0);
    case 'NEXT':
      return between(calendar, 1, 2);
    case 'LAST_N':
      return between(calendar, -n, calendar === days ? 1 : 0);
    case 'NEXT_N':
      return between(calendar, 1, n + 1);
    default:
      return between(calendar, -n, -n + 1);
  }
}
