import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { FaultSchema, faultNames, isAtOnce, isFaultName } from './faults.ts';
import type { AtOnceFault, Fault, FaultRequest } from './faults.ts';
import type { Frame } from './frame.ts';
import type { JournalContent } from './journal.ts';
import { PolicyChangesSchema } from './policies.ts';
import type { OrgState, UserChanges } from './state.ts';
import type { Policies, SObjectRecord } from './types.ts';

/** What a test or an operator of the stand-in can do. The same over HTTP under `/__control` and in the process. */
export interface Control {
  /** Answers when a fault that acts at once has acted. An unknown org or fault is a `ControlError`. */
  addFault(fault: FaultRequest): Promise<void>;
  faults(): readonly Fault[];
  /** Ends all faults; what refused connections accepts them again. */
  clearFaults(): Promise<void>;
  journal(): JournalContent;
  /** Answers the ids of upserted records. */
  changeOrg(orgId: string, changes: OrgChanges): OrgChangeResult;
  describeOrg(orgId: string): OrgDescription;
  list(orgId: string, object: string): readonly SObjectRecord[];
  reset(): Promise<void>;
}

export interface OrgChanges {
  readonly policies?: Partial<Policies>;
  readonly upsert?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly delete?: readonly string[];
  readonly users?: Readonly<Record<string, UserChanges>>;
}

export interface OrgChangeResult {
  readonly upserted: Readonly<Record<string, readonly string[]>>;
  readonly deleted: number;
}

export interface OrgDescription {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly policies: Policies;
  readonly users: readonly (UserChanges & { readonly id: string; readonly username: string })[];
  /** Refresh tokens that work. */
  readonly grants: number;
}

/** The request to the control endpoint was wrong. */
export class ControlError extends Error {
  readonly statusCode: 400 | 404;
  constructor(statusCode: 400 | 404, message: string) {
    super(message);
    this.name = 'ControlError';
    this.statusCode = statusCode;
  }
}

const OrgChangesSchema = Type.Object(
  {
    policies: Type.Optional(PolicyChangesSchema),
    upsert: Type.Optional(Type.Record(Type.String(), Type.Array(Type.Record(Type.String(), Type.Unknown())))),
    delete: Type.Optional(Type.Array(Type.String())),
    users: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object(
          {
            active: Type.Optional(Type.Boolean()),
            frozen: Type.Optional(Type.Boolean()),
            licences: Type.Optional(Type.Array(Type.String())),
            permissions: Type.Optional(Type.Array(Type.String())),
          },
          { additionalProperties: false },
        ),
      ),
    ),
  },
  { additionalProperties: false },
);

export interface ControlOptions {
  readonly frame: Frame;
  /** Closes (true) or opens an org's own host. */
  readonly setRefusing: (org: OrgState, isRefusing: boolean) => Promise<void>;
  readonly clearSessions: () => void;
}

export function createControl({ frame, setRefusing, clearSessions }: ControlOptions): Control & { close(): void } {
  const { state, faults, journal } = frame;
  const timers = new Set<NodeJS.Timeout>();

  const orgOf = (id: string): OrgState => {
    const org = state.org(id);
    if (org === undefined)
      throw new ControlError(404, `No such org: ${id}. There are ${state.orgs.map((each) => each.id).join(', ')}.`);
    return org;
  };

  /** Now, or later; only for later does nobody wait. */
  const after = async (afterMs: number | undefined, act: () => Promise<void>): Promise<void> => {
    if (afterMs === undefined || afterMs === 0) return act();
    const timer = setTimeout(() => {
      timers.delete(timer);
      void act();
    }, afterMs);
    timers.add(timer);
    return undefined;
  };

  /**
   * A refusing org closes its own host; requests that come by the login host are cut. Refusing only some times, or only on other paths
   * than the data API's, cannot be done by closing: there all matching connections are cut after they were accepted.
   */
  const isClosing = ({ times, match }: FaultRequest): boolean =>
    times === undefined && (match === undefined || '/services/data'.startsWith(match));

  const clearFaults = async (): Promise<void> => {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
    faults.clear();
    for (const org of state.orgs) await setRefusing(org, false);
  };

  return {
    async addFault(request) {
      const org = request.org === undefined ? undefined : orgOf(request.org);
      if (!isFaultName(request.fault)) {
        throw new ControlError(400, `Unknown fault ${String(request.fault)}. There are ${faultNames.join(', ')}.`);
      }
      const orgs = org ? [org] : state.orgs;
      const { fault: name, afterMs, delayMs } = request;
      if (isAtOnce(name) && request.match === undefined) {
        await after(afterMs, async () => {
          for (const each of orgs) await frame.strike(name satisfies AtOnceFault, each, delayMs);
        });
        return;
      }
      faults.add({ ...request, org: org?.id });
      if (name === 'refuse' && isClosing(request)) {
        await after(afterMs, async () => {
          for (const each of orgs) await setRefusing(each, true);
        });
      }
    },
    faults: () => faults.list(),
    clearFaults,
    journal: () => journal.content(),

    changeOrg(orgId, changes) {
      const org = orgOf(orgId);
      const users = Object.entries(changes.users ?? {}).map(([username, change]) => {
        const user = org.users.find((each) => each.username === username);
        if (!user) throw new ControlError(404, `No such user: ${username}.`);
        return { user, change };
      });
      Object.assign(org.policies, changes.policies);
      for (const { user, change } of users) Object.assign(user, change);
      // Blocking ends all sessions and grants for good; lifting the block does not bring them back.
      if (changes.policies?.app === 'blocked') state.grants.revokeAll(org.id);
      const upserted = Object.fromEntries(
        Object.entries(changes.upsert ?? {}).map(([object, rows]) => {
          const ids = org.records.upsert(object, rows);
          if (ids === undefined) throw new ControlError(404, `No such object: ${object}.`);
          return [object, ids];
        }),
      );
      const deleted = changes.delete === undefined ? 0 : org.records.remove(changes.delete);
      state.saveSoon();
      return { upserted, deleted };
    },

    describeOrg(orgId) {
      const org = orgOf(orgId);
      return {
        id: org.id,
        name: org.name,
        url: frame.orgUrl(org),
        policies: org.policies,
        users: org.users.map(({ id, username, active, frozen, licences, permissions }) => ({
          id,
          username,
          active,
          frozen,
          licences,
          permissions,
        })),
        grants: state.grants.approvalsOf(org).length,
      };
    },

    list(orgId, object) {
      const records = orgOf(orgId).records.list(object);
      if (records === undefined) throw new ControlError(404, `No such object: ${object}.`);
      return records;
    },

    async reset() {
      await clearFaults();
      clearSessions();
      state.reset();
      journal.clear();
      await state.save();
    },

    close() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

/** The control endpoints, on the login host only. */
export async function controlRoutes(
  app: FastifyInstance,
  { control, frame }: { control: Control; frame: Frame },
): Promise<void> {
  app.addHook('onRequest', async (request, reply) => {
    if (frame.hostOf(request)) await reply.code(404).send({ message: 'The control endpoints are on the login host.' });
  });
  app.setErrorHandler<Error & { statusCode?: number }>(async (error, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ message: error.message }),
  );

  app.get('/faults', async () => ({ faults: control.faults() }));
  app.post<{ Body: FaultRequest }>('/faults', { schema: { body: FaultSchema } }, async (request, reply) => {
    await control.addFault(request.body);
    return reply.code(204).send();
  });
  app.delete('/faults', async (_request, reply) => {
    await control.clearFaults();
    return reply.code(204).send();
  });
  app.get('/journal', async () => control.journal());
  app.delete('/journal', async (_request, reply) => {
    frame.journal.clear();
    return reply.code(204).send();
  });
  app.get<{ Params: { orgId: string } }>('/org/:orgId', async (request) => control.describeOrg(request.params.orgId));
  app.post<{ Params: { orgId: string }; Body: OrgChanges }>(
    '/org/:orgId',
    { schema: { body: OrgChangesSchema } },
    async (request) => control.changeOrg(request.params.orgId, request.body),
  );
  app.get<{ Params: { orgId: string; object: string } }>('/org/:orgId/:object', async (request) =>
    control.list(request.params.orgId, request.params.object),
  );
  app.post('/reset', async (_request, reply) => {
    await control.reset();
    return reply.code(204).send();
  });
}
