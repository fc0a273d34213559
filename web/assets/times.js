const { locale, timeZone } = document.documentElement.dataset;
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

/** The server's clock counts, not this computer's. */
let aheadMs = Number(document.documentElement.dataset.now) - Date.now();

/**
 * @param {number} serverNowMs
 * @param {number} heardAtMs When that was, by this computer's clock.
 */
export function learnServerTime(serverNowMs, heardAtMs) {
  aheadMs = serverNowMs - heardAtMs;
}

/** Every `<time data-relative>` tells how long ago it was, and goes on telling; one with `data-due` says that when it has come. */
export function startTicking() {
  tick(document);
  setInterval(() => tick(document), 1_000);
}

/** @param {ParentNode} within */
export function tick(within) {
  const now = Date.now() + aheadMs;
  for (const element of within.querySelectorAll('time[data-relative]')) {
    const untilMs = Date.parse(element.getAttribute('datetime') ?? '') - now;
    const text = (untilMs <= 0 && element.getAttribute('data-due')) || inWords(untilMs);
    if (element.textContent !== text) element.textContent = text;
  }
  // What says the same twice where nothing ticks.
  for (const element of within.querySelectorAll('[data-ticking][hidden]')) element.removeAttribute('hidden');
}

/** @param {number} ms */
function inWords(ms) {
  const seconds = Math.round(ms / 1_000);
  if (Math.abs(seconds) < 60) return relative.format(seconds, 'second');
  const minutes = Math.round(seconds / 60);
  if (Math.abs(minutes) < 60) return relative.format(minutes, 'minute');
  const hours = Math.round(minutes / 60);
  if (Math.abs(hours) < 48) return relative.format(hours, 'hour');
  return relative.format(Math.round(hours / 24), 'day');
}

/**
 * In the time zone of the account, like all times of a page.
 *
 * @param {number} ms
 */
export const clockTime = (ms) => new Intl.DateTimeFormat(locale, { timeStyle: 'medium', timeZone }).format(ms);
