import { isActive, type Connection } from './connection.ts';
import { warningsOf, type EarlyWarning, type WarnedConnection } from './early-warnings.ts';

/*
 * When people are told how a connection stands. What is told follows from two things alone: how the connection stands, and what was told
 * last. So a transition that is heard twice, late or not at all leads to the same message. Every state waits for itself before it is
 * told: what flaps faster than that is told once it has come to rest, if it is news then.
 */

/** What a message says. */
export const alertEvents = ['connection.broken', 'connection.repaired', 'connection.warning'] as const;
export type AlertEvent = (typeof alertEvents)[number];

/** What messages are about: of each topic only the last one counts. */
export type AlertTopic = 'state' | EarlyWarning;

/** An early warning is repeated after this long while it lasts. */
export const warnAgainAfterMs = 24 * 3_600_000;

/** What the targets know: the last message of each topic. */
export interface AlertMemory {
  readonly toldBroken: boolean;
  readonly warnedAtMs: Readonly<Partial<Record<EarlyWarning, number>>>;
}

export interface DueAlert {
  readonly topic: AlertTopic;
  readonly event: AlertEvent;
}

/** What is to be told. A connection that the administrator disconnected is no news to them. */
export function alertsDue(connection: WarnedConnection, memory: AlertMemory, nowMs: number): readonly DueAlert[] {
  if (connection.state === 'disconnected') return [];
  const isBroken = !isActive(connection.state);
  const state: readonly DueAlert[] =
    isBroken === memory.toldBroken
      ? []
      : [{ topic: 'state', event: isBroken ? 'connection.broken' : 'connection.repaired' }];
  const warnings = warningsOf(connection, nowMs)
    .filter((warning) => nowMs - (memory.warnedAtMs[warning] ?? -Infinity) >= warnAgainAfterMs)
    .map((topic) => ({ topic, event: 'connection.warning' as const }));
  return [...state, ...warnings];
}

/**
 * What is to be told of a topic once flapping has had its time. A state that began after the waiting did says nothing yet: it has an
 * occasion of its own, which waits for as long.
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

/** Names the occasion of an alert, so that hearing of it again starts nothing new. */
export const occasionOf = (
  { topic, event }: DueAlert,
  { sinceMs }: Pick<Connection, 'sinceMs'>,
  nowMs: number,
): string =>
  topic === 'state'
    ? `${event === 'connection.broken' ? 'broken' : 'repaired'}-${sinceMs}`
    : `${topic}-${new Date(nowMs).toISOString().slice(0, 10)}`;

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
