import { randomUUID } from 'node:crypto';
import type { Connection } from '../../../src/domain/connection.ts';
import type { OrgId } from '../../../src/domain/ids.ts';
import type {
  Authorization,
  Authorizations,
  ConnectionEngine,
  Connections,
  SalesforceOAuth,
} from '../../../src/ports.ts';
import { breakable } from './breakable.ts';

type PortalAuthorizations = Pick<Authorizations, 'create' | 'findByState' | 'latestOf' | 'receiveCode' | 'end'>;

/** The part of the attempts that the portal uses. */
export function createFakeAuthorizations() {
  const all: (Authorization & { stateHash: string; browserHash: string; codeVerifier: string; code?: string })[] = [];
  const change = (id: string, changes: Partial<(typeof all)[number]>) => {
    const index = all.findIndex((each) => each.id === id);
    const former = all[index];
    if (former) all[index] = { ...former, ...changes };
  };
  const authorizations: PortalAuthorizations = {
    async create(authorization) {
      const id = randomUUID();
      all.push({
        ...authorization,
        id,
        status: 'begun',
        reason: undefined,
        reasonDetail: {},
        orgId: undefined,
        isInvited: authorization.invitationHash !== undefined,
      });
      return { id };
    },
    findByState: async (stateHash) => all.find((each) => each.stateHash === stateHash),
    latestOf: async (accountId) => all.findLast((each) => each.accountId === accountId),
    async receiveCode(id, code) {
      if (all.find((each) => each.id === id)?.status !== 'begun') return false;
      change(id, { status: 'code-received', code });
      return true;
    },
    end: async (id, { status, reason, detail = {}, orgId }) =>
      change(id, { status, reason, reasonDetail: detail, orgId }),
  };
  return breakable({ ...authorizations, all });
}

/** The connections that the portal reads. */
export function createFakeConnections() {
  const byAccount = new Map<string, Connection>();
  const connections: Pick<Connections, 'ofAccount' | 'instanceUrl'> = {
    ofAccount: async (accountId) => byAccount.get(accountId),
    instanceUrl: async () => 'https://acme.my.salesforce.com',
  };
  return breakable({ ...connections, byAccount });
}

export function createFakeConnectionEngine() {
  const calls: { name: string; id: string }[] = [];
  const note = (name: string) => async (id: OrgId) => void calls.push({ name, id });
  const engine: Pick<ConnectionEngine, 'startAuthorization' | 'checkNow' | 'disconnect' | 'watching'> = {
    startAuthorization: note('startAuthorization'),
    checkNow: note('checkNow'),
    disconnect: note('disconnect'),
    watching: note('watching'),
  };
  return breakable({
    ...engine,
    calls,
    idsOf: (name: string) => calls.filter((call) => call.name === name).map(({ id }) => id),
  });
}

export const fakeOAuth: Pick<SalesforceOAuth, 'authorizeUrl'> = {
  authorizeUrl: ({ loginHost, state, codeChallenge }) =>
    `${loginHost}/services/oauth2/authorize?${new URLSearchParams({ state, code_challenge: codeChallenge }).toString()}`,
};
