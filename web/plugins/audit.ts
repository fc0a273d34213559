import type { FastifyInstance } from 'fastify';
import type { Audit, AuditEvent } from '../../src/ports.ts';

/** What people do in the portal, noun and past participle. */
export const auditActions = [
  'account.signed-up',
  'account.confirmed',
  'account.confirmation-sent',
  'session.started',
  'session.ended',
  'authorization.begun',
  'authorization.returned',
  'connection.check-asked',
  'connection.disconnect-asked',
  'invitation.sent',
  'pbx.created',
  'pbx.changed',
  'pbx-token.created',
  'pbx-token.revoked',
  'alert-target.added',
  'alert-target.confirmed',
  'alert-target.switched',
  'alert-target.tested',
  'alert-target.removed',
  'account-token.created',
  'account-token.revoked',
  'package-key.added',
  'lookup.created',
  'lookup.changed',
  'lookup.removed',
  'extensions.filled',
  'extensions.imported',
  'extensions.exported',
  'extensions.changed',
  'dialing-rules.created',
  'dialing-rules.changed',
  'dialing-rules.removed',
  'lookup-runs.exported',
  'lookup-run-retention.changed',
] as const;
export type AuditAction = (typeof auditActions)[number];

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The event that the route writes when it succeeded. */
    audit?: AuditAction;
  }
  interface FastifyRequest {
    /** What the handler knows about the event beyond the action; `nothing-changed` when there is no event after all. */
    audited: Partial<Pick<AuditEvent, 'accountId' | 'actor' | 'subject' | 'detail'>> | 'nothing-changed' | null;
  }
}

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Writes an audit event for each successful request to a route that names one. A route that changes something and names none does not
 * come up at all, so no page can forget it.
 */
export function auditChanges(app: FastifyInstance, audit: Audit): void {
  app.decorateRequest('audited', null);
  app.addHook('onRoute', ({ method, url, config }) => {
    const changes = [method].flat().some((name) => !reading.has(name));
    if (changes && config?.audit === undefined) throw new Error(`${String(method)} ${url} writes no audit event`);
  });
  app.addHook('onSend', async (request, reply) => {
    const action = request.routeOptions.config.audit;
    if (action === undefined || reply.statusCode >= 400 || request.audited === 'nothing-changed') return;
    const event: AuditEvent = {
      accountId: request.signedIn?.account.id,
      actor: 'account',
      action,
      subject: undefined,
      ...request.audited,
    };
    // What was done cannot be undone by failing to write it down.
    await audit.record(event).catch((error: unknown) => request.log.error({ err: error, action }, 'audit event lost'));
  });
}
