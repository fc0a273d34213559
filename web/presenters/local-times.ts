/** Of years that a calendar on a screen offers and every clock knows. */
const wallTime = /^(?:19|2\d)\d\d-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/;

/** What a clock in the time zone shows, as if it were UTC. */
function wallClockMs(ms: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(ms);
  const of = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
}

/** The moment that a field `datetime-local` means in a time zone; undefined when the text is none. */
export function readLocalTime(text: string, timeZone: string): number | undefined {
  const asUtcMs = wallTime.test(text) ? Date.parse(`${text}Z`) : NaN;
  if (Number.isNaN(asUtcMs)) return undefined;
  const guessMs = asUtcMs - (wallClockMs(asUtcMs, timeZone) - asUtcMs);
  // Where the clocks change between the two, the offset at the guess is the one that counts.
  return asUtcMs - (wallClockMs(guessMs, timeZone) - guessMs);
}
