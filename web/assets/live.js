import { showCopyButtons } from './copy.js';
import { clockTime, learnServerTime, tick } from './times.js';

/**
 * Keeps the page true. Of all visible tabs of this browser one holds a lock and with it the only event stream, and passes on what it
 * hears; a hidden tab lets go of both. Each tab notices by itself when nothing is heard any more.
 *
 * @typedef {{ version: string, html: string }} Region
 * @typedef {{ nowMs: number, regions: Record<string, Region> }} Status
 * @typedef {{ event: 'status', data: Status } | { event: 'lookup-runs', data: { pbxIds?: string[] } } | { event: 'signed-out', data: {} }} Message
 */

const silenceMs = 10_000;
const reopenEveryMs = 4_000;
const tickEveryMs = 500;

/** @param {string} account */
export function followStatus(account) {
  const name = `trunkline-status-${account}`;
  const channel = new BroadcastChannel(name);
  let heardAtMs = Date.now();
  let tickedAtMs = Date.now();

  /** @type {EventSource | undefined} */
  let source;
  let openedAtMs = 0;
  /** What the stream said so far, for a tab that comes later. @type {Status} */
  let known = { nowMs: 0, regions: {} };
  /** Ends leading, or waiting for it. @type {AbortController | undefined} */
  let turn;

  function open() {
    source?.close();
    openedAtMs = Date.now();
    known = { nowMs: 0, regions: {} };
    source = new EventSource('/events');
    let isNew = true;
    for (const event of /** @type {const} */ (['status', 'lookup-runs', 'signed-out'])) {
      source.addEventListener(event, (/** @type {MessageEvent<string>} */ message) => {
        const heard = /** @type {Message} */ ({ event, data: JSON.parse(message.data) });
        if (heard.event === 'status') {
          known = { nowMs: heard.data.nowMs, regions: { ...known.regions, ...heard.data.regions } };
        }
        tell(heard);
        if (heard.event === 'status' && isNew) {
          isNew = false;
          // Runs that came before the stream was open were told to nobody.
          tell({ event: 'lookup-runs', data: {} });
        }
      });
    }
  }

  function close() {
    source?.close();
    source = undefined;
  }

  /** Takes part while visible: leads at once, or as soon as the tab that leads is gone. */
  function join() {
    if (turn) return;
    turn = new AbortController();
    const { signal } = turn;
    channel.postMessage({ event: 'hello' });
    void reloadRuns();
    // Browsers have no locks for pages that came unencrypted: each tab then has a stream of its own.
    if (!('locks' in navigator)) return open();
    const leading = () =>
      new Promise((resolve) => {
        open();
        signal.addEventListener('abort', resolve);
      });
    navigator.locks.request(name, { signal }, leading).catch(() => undefined);
  }

  function leave() {
    turn?.abort();
    turn = undefined;
    close();
  }

  /** @param {Message} message */
  function tell(message) {
    hear(message);
    channel.postMessage(message);
  }

  /** @param {Message} message */
  function hear(message) {
    heardAtMs = Date.now();
    setUnknown(false);
    if (message.event === 'status') showStatus(message.data);
    else if (message.event === 'lookup-runs') void reloadRuns(message.data.pbxIds);
    else location.reload();
  }

  channel.addEventListener('message', ({ data }) => {
    if (data.event !== 'hello') hear(data);
    else if (source && known.nowMs > 0 && Date.now() - heardAtMs < silenceMs) {
      channel.postMessage({ event: 'status', data: known });
    }
  });

  setInterval(() => {
    const now = Date.now();
    const slept = now - tickedAtMs > 3_000;
    tickedAtMs = now;
    if (document.hidden) return;
    const silent = now - heardAtMs > silenceMs;
    setUnknown(silent, heardAtMs);
    const broken = source?.readyState === EventSource.CLOSED;
    if (source && (slept || ((silent || broken) && now - openedAtMs > reopenEveryMs))) open();
  }, tickEveryMs);

  const follow = () => {
    if (document.hidden) leave();
    else {
      // What was heard before counts no longer: until the first word the page says what it says, then the truth.
      tickedAtMs = Date.now();
      join();
    }
  };
  document.addEventListener('visibilitychange', follow);
  window.addEventListener('pagehide', leave);
  window.addEventListener('pageshow', follow);
  follow();
}

/** @param {Status} status */
function showStatus({ nowMs, regions }) {
  learnServerTime(nowMs);
  for (const [name, { version, html }] of Object.entries(regions)) {
    const region = document.querySelector(`[data-live="${name}"]`);
    if (!(region instanceof HTMLElement) || region.dataset.version === version) continue;
    region.dataset.version = version;
    const focused = region.contains(document.activeElement) ? document.activeElement?.id : '';
    region.innerHTML = html;
    if (focused) document.getElementById(focused)?.focus();
    showCopyButtons(region);
    tick(region);
  }
}

/** @param {string[]} [pbxIds] Absent: of any phone system. */
async function reloadRuns(pbxIds) {
  const table = document.querySelector('[data-runs-of]');
  if (!(table instanceof HTMLElement) || document.hidden) return;
  if (pbxIds && !pbxIds.includes(table.dataset.runsOf ?? '')) return;
  const response = await fetch(table.dataset.source ?? '').catch(() => undefined);
  if (response?.ok && !response.redirected) table.innerHTML = await response.text();
}

/**
 * @param {boolean} unknown
 * @param {number} [sinceMs]
 */
function setUnknown(unknown, sinceMs = 0) {
  const notice = document.querySelector('[data-unknown]');
  if (!(notice instanceof HTMLElement) || notice.hidden !== unknown) return;
  const since = notice.querySelector('[data-unknown-since]');
  if (unknown && since) since.textContent = clockTime(sinceMs);
  notice.hidden = !unknown;
  document.documentElement.classList.toggle('status-unknown', unknown);
}
