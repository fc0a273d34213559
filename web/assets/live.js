import { showCopyButtons } from './copy.js';
import { clockTime, learnServerTime, tick } from './times.js';

/**
 * Keeps the page true. Of all visible tabs of this browser one holds a lock and with it the only event stream, and passes on what it
 * hears; a hidden tab lets go of both. Each tab notices by itself when nothing is heard any more.
 *
 * @typedef {{ version: string, html: string }} Region
 * @typedef {{ nowMs: number, regions: Record<string, Region> }} Status
 * @typedef {{ event: 'status', data: Status, heardAtMs: number }} StatusMessage
 * @typedef {StatusMessage | { event: 'lookup-runs', data: { pbxIds?: string[] } } | { event: 'signed-out', data: {} }} Message
 */

const silenceMs = 10_000;
const reopenEveryMs = 4_000;
const tickEveryMs = 500;

/** @param {string} account */
export function followStatus(account) {
  const name = `trunkline-status-${account}`;
  const channel = new BroadcastChannel(name);
  /** When this browser was told last how things stand; nothing else is a sign that anybody knows. */
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
        const heard = /** @type {Message} */ ({ event, data: JSON.parse(message.data), heardAtMs: Date.now() });
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
    reloadRuns();
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
    if (message.event === 'status') {
      heardAtMs = message.heardAtMs;
      setUnknown(false);
      showStatus(message);
    } else if (message.event === 'lookup-runs') reloadRuns(message.data.pbxIds);
    else location.reload();
  }

  channel.addEventListener('message', ({ data }) => {
    if (data.event !== 'hello') hear(data);
    else if (source && known.nowMs > 0 && Date.now() - heardAtMs < silenceMs) {
      // What is passed on later is as old as it is.
      channel.postMessage({ event: 'status', data: known, heardAtMs });
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

/** @param {StatusMessage} message */
function showStatus({ data: { nowMs, regions }, heardAtMs }) {
  learnServerTime(nowMs, heardAtMs);
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

/** When each part of the page was loaded last, and the timer of one that waits. @type {WeakMap<Element, { atMs: number, timer?: number }>} */
const loads = new WeakMap();

/** Loads the parts of the page that tell of lookup runs. @param {string[]} [pbxIds] Absent: of any phone system. */
function reloadRuns(pbxIds) {
  for (const part of document.querySelectorAll('[data-runs-of]')) {
    if (!(part instanceof HTMLElement)) continue;
    if (!pbxIds || pbxIds.includes(part.dataset.runsOf ?? '')) loadInTurn(part);
  }
}

/** Not more often than the part bears; what comes in between is loaded together. @param {HTMLElement} part */
function loadInTurn(part) {
  const load = loads.get(part) ?? { atMs: 0 };
  loads.set(part, load);
  if (load.timer) return;
  const waitMs = load.atMs + Number(part.dataset.everyMs ?? 0) - Date.now();
  const now = () => {
    load.timer = undefined;
    load.atMs = Date.now();
    void reload(part);
  };
  if (waitMs <= 0) now();
  else load.timer = setTimeout(now, waitMs);
}

/** @param {HTMLElement} part */
async function reload(part) {
  if (document.hidden) return;
  const response = await fetch(part.dataset.source ?? '').catch(() => undefined);
  if (!response?.ok || response.redirected) return;
  const html = await response.text();
  const open = part.querySelector('details')?.open ?? false;
  part.innerHTML = html;
  const details = part.querySelector('details');
  if (details) details.open = open;
  part.dispatchEvent(new CustomEvent('fragment', { bubbles: true }));
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
