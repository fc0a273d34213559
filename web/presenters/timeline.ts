import {
  causes,
  connectionStates,
  isActive,
  refusals,
  type AuthorizationReason,
  type ConnectionState,
} from '../../src/domain/connection.ts';
import { earlyWarnings, type EarlyWarning } from '../../src/domain/early-warnings.ts';
import type { AuditedEvent } from '../../src/ports.ts';
import type { Texts } from '../texts.ts';
import { explain, explainWarning } from './explanations.ts';

/** How many events the page shows. */
export const timelineLength = 50;

export interface TimelineEntry {
  readonly atMs: number;
  readonly tone: 'good' | 'warning' | 'bad' | 'idle';
  readonly text: string;
  readonly by: string;
}

const entries = {
  'connection.connected': { tone: 'good', text: 'timeline.connected' },
  'connection.authorized-again': { tone: 'good', text: 'timeline.authorized-again' },
  'connection.check-asked': { tone: 'idle', text: 'timeline.check-asked' },
  'connection.refreshed': { tone: 'idle', text: 'timeline.refreshed' },
  'connection.refresh-uncertain': { tone: 'warning', text: 'timeline.refresh-uncertain' },
  'connection.warned': { tone: 'warning', text: 'timeline.warned' },
  'connection.degraded': { tone: 'warning', text: 'timeline.degraded' },
  'connection.recovered': { tone: 'good', text: 'timeline.recovered' },
  'connection.broken': { tone: 'bad', text: 'timeline.broken' },
  'connection.repaired': { tone: 'good', text: 'timeline.repaired' },
  'connection.disconnected': { tone: 'idle', text: 'timeline.disconnected' },
  'authorization.refused': { tone: 'bad', text: 'timeline.refused' },
  'invitation.sent': { tone: 'idle', text: 'timeline.invited' },
} as const satisfies Record<string, { tone: TimelineEntry['tone']; text: string }>;
type TimelineAction = keyof typeof entries;

/** What of the audit belongs to the story of a connection. */
export const timelineActions = Object.keys(entries) as readonly TimelineAction[];

const isShown = (action: string): action is TimelineAction => Object.hasOwn(entries, action);

export function presentTimeline(events: readonly AuditedEvent[], t: Texts): readonly TimelineEntry[] {
  return events.flatMap((event) => {
    if (!isShown(event.action)) return [];
    const { tone, text } = entries[event.action];
    const { to = '', found } = event.detail ?? {};
    // A check that took longer than the form waited has not found anything yet.
    const key = found === undefined ? text : 'timeline.checked';
    return [{ atMs: event.atMs, tone, text: t(key, { title: titleOf(event, t), to }), by: byWhom(event, t) }];
  });
}

/** The cause, reason, warning or state that an event names, in the words of the page. */
function titleOf({ detail = {} }: AuditedEvent, t: Texts): string {
  const { warning, found } = detail;
  if (isWarning(warning)) return explainWarning(warning, t).title;
  if (isState(found)) return t(isActive(found) ? 'connection.active' : 'connection.inactive');
  const reason = detail['cause'] ?? detail['reason'];
  return isReason(reason) ? explain(reason, {}, t).title : String(reason ?? '');
}

function byWhom({ actor, detail = {} }: AuditedEvent, t: Texts): string {
  const { username, invitedAs } = detail;
  switch (actor) {
    case 'account':
      return t('timeline.by-you');
    case 'salesforce-user': {
      const name = typeof username === 'string' ? username : t('connection.unknown-user');
      return invitedAs === undefined
        ? t('timeline.by-user', { username: name })
        : t('timeline.by-invited', { username: name, invitedAs: String(invitedAs) });
    }
    case 'phone-system':
    case 'system':
      return t('timeline.by-itself');
  }
}

const isWarning = (value: unknown): value is EarlyWarning => earlyWarnings.some((warning) => warning === value);
const isState = (value: unknown): value is ConnectionState => connectionStates.some((state) => state === value);
const isReason = (value: unknown): value is AuthorizationReason =>
  typeof value === 'string' && (Object.hasOwn(causes, value) || refusals.some((refusal) => refusal === value));
