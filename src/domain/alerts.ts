import { isActive, isForGood, type Connection } from './connection.ts';
import { warningsOf, type EarlyWarning, type WarnedConnection } from './early-warnings.ts';

/*
 * When people are told how a connection stands. What is told follows from two things alone: how the connection stands, and what was told
 * last. So a transition that is heard twice, late or not at all leads to the same message. Every state waits for itself before it is
 * told: what flaps faster than that is told once it has come to rest, if it is news then. What has flapped for too long is told without
 * waiting.
 */

/** What a message says. */
export const alertEvents = ['connection.broken', 'connection.repaired', 'connection.warning'] as const;
export type AlertEvent = (typeof alertEvents)[number];

/** What messages are about: of each topic only the last one counts. */
export type AlertTopic = 'state' | EarlyWarning;

/** An early warning is repeated after this long while it lasts. */
export const warnAgainAfterMs = 24 * 3_600_000;

/** A connection that has kept breaking for this long is told to be broken although no break lasts. */
const flappingEndureMs = 10 * 60_000;
/** How far back breaks count as the same flapping; long enough for three of the slowest. */
export const flappingSeenForMs = 15 * 60_000;
/** As many breaks are no accident any more. */
const flappingBreaks = 3;

/** What the targets know: the last message of each topic. */
export interface AlertMemory {
  /** `for-good`: they know that it needs a new authorization. */
  readonly toldBroken: false | 'for-now' | 'for-good';
  readonly warnedAtMs: Readonly<Partial<Record<EarlyWarning, number>>>;
}

export interface DueAlert {
  readonly topic: AlertTopic;
  readonly event: AlertEvent;
}

/** What is to be told. A connection that the administrator disconnected is no news to them. */
export function alertsDue(connection: WarnedConnection, memory: AlertMemory, nowMs: number): readonly DueAlert[] {
  if (connection.state === 'disconnected') return [];
  const event = stateEventDue(connection, memory);
  const state: readonly DueAlert[] = event === undefined ? [] : [{ topic: 'state', event }];
  const warnings = warningsOf(connection, nowMs)
    .filter((warning) => nowMs - (memory.warnedAtMs[warning] ?? -Infinity) >= warnAgainAfterMs)
    .map((topic) => ({ topic, event: 'connection.warning' as const }));
  return [...state, ...warnings];
}

/** A break that came to need a new authorization is news again: who was told that it mends itself would go on waiting. */
function stateEventDue(
  connection: Pick<Connection, 'state' | 'cause'>,
  { toldBroken }: Pick<AlertMemory, 'toldBroken'>,
): AlertEvent | undefined {
  if (isActive(connection.state)) return toldBroken === false ? undefined : 'connection.repaired';
  return toldBroken === false || (toldBroken === 'for-now' && isForGood(connection)) ? 'connection.broken' : undefined;
}

/**
 * What is to be told of a topic once flapping has had its time. A state that began after the waiting did says nothing yet: it has an
 * occasion of its own.
 */
export function alertAfterWaiting(
  connection: WarnedConnection & Pick<Connection, 'sinceMs'>,
  memory: AlertMemory,
  { topic, sinceMs }: Pick<AlertStart, 'topic' | 'sinceMs'>,
  nowMs: number,
): AlertEvent | undefined {
  if (topic === 'state' && connection.sinceMs !== sinceMs) return undefined;
  return alertsDue(connection, memory, nowMs).find((due) => due.topic === topic)?.event;
}

/** How long a message waits: not at all, until flapping has had its usual time, or until a connection that kept breaking has been at rest. */
export type AlertPatience = 'none' | 'usual' | 'long';

/**
 * Waiting for a break to last ends when the connection keeps breaking; what is told then is that it is broken, and that it is repaired
 * only when it has not broken any more for a long while. So people hear of it once, however long it flaps.
 *
 * @param brokeAtMs When the connection broke within the last `flappingSeenForMs`, in any order.
 */
export function patienceFor({ event }: DueAlert, brokeAtMs: readonly number[], nowMs: number): AlertPatience {
  if (event === 'connection.warning' || !keepsBreaking(brokeAtMs, nowMs)) return 'usual';
  return event === 'connection.broken' ? 'none' : 'long';
}

/** Whether a connection that broke then is one that breaks again and again. */
export const keepsBreaking = (brokeAtMs: readonly number[], nowMs: number): boolean =>
  brokeAtMs.length >= flappingBreaks && nowMs - Math.min(...brokeAtMs) >= flappingEndureMs;

/** Names the occasion of an alert, so that hearing of it again starts nothing new. */
export const occasionOf = (
  { topic, event }: DueAlert,
  connection: Pick<Connection, 'sinceMs' | 'cause'>,
  nowMs: number,
): string => {
  if (topic !== 'state') return `${topic}-${new Date(nowMs).toISOString().slice(0, 10)}`;
  if (event === 'connection.repaired') return `repaired-${connection.sinceMs}`;
  return `${isForGood(connection) ? 'broken-for-good' : 'broken'}-${connection.sinceMs}`;
};

/** What a message about a broken connection tells. */
export const toldBrokenBy = (connection: Pick<Connection, 'cause'>): Exclude<AlertMemory['toldBroken'], false> =>
  isForGood(connection) ? 'for-good' : 'for-now';

/** Plain JSON without a name: it stands in histories. */
export interface AlertStart {
  readonly connectionId: string;
  readonly orgId: string;
  readonly topic: AlertTopic;
  /** Since when the connection stood as it did when the waiting began. */
  readonly sinceMs: number;
  /** How long flapping is waited for. */
  readonly waitMs: number;
}

/** Why a message did not reach a target. `answered-…`: the status that a webhook answered with. */
export type DeliveryFailure =
  | 'address-not-allowed'
  | 'host-unknown'
  | 'unreachable'
  | 'certificate-refused'
  | 'no-answer'
  | 'mail-refused'
  | `answered-${number}`;

/** Trying again does not help. */
export const isFinalFailure = (failure: DeliveryFailure): boolean => failure === 'address-not-allowed';
