import {
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import type { OrgId } from '../domain/ids.ts';
import type { ConnectionEngine } from '../ports.ts';
import type { LookAtToken } from '../use-cases/watch-connection.ts';
import {
  authorizationWorkflowId,
  connectionSignals,
  connectionUpdates,
  connectionWorkflowId,
  taskQueues,
  type AuthorizationStart,
  type CheckNow,
  type VersionSignal,
} from '../../workflows/names.ts';
import type { authorizationWorkflow } from '../../workflows/authorization.ts';
import type { connectionWorkflow, ConnectionSummary, RefreshSummary } from '../../workflows/connection.ts';
import { messageLimitMs, reach } from './reach.ts';

/**
 * Speaks to the workflows that keep connections. Facts and commands come with a start, so that a connection whose execution was lost
 * (terminated by mistake, a namespace restored) has one again; it reads everything it needs from the database. `announce` tells of what
 * somebody waits for, so that what can wait makes room at the engine.
 */
export function createConnectionEngine(
  client: Client,
  { lookAtToken, announce }: { readonly lookAtToken: LookAtToken; readonly announce: () => void },
): ConnectionEngine {
  const options = (orgId: OrgId) => ({
    workflowId: connectionWorkflowId(orgId),
    taskQueue: taskQueues.connections,
    args: [{ orgId }] satisfies Parameters<typeof connectionWorkflow>,
    staticSummary: `Connection of org ${orgId}`,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
  });
  /** For what somebody waits for. */
  const reachSoon: typeof reach = (...call) => {
    announce();
    return reach(...call);
  };
  const tell = async (orgId: OrgId, signal: string, args: readonly VersionSignal[] = []): Promise<void> => {
    const message = { ...options(orgId), signal, signalArgs: [...args] };
    await reachSoon(client, () => client.workflow.signalWithStart('connectionWorkflow', message), messageLimitMs);
  };
  const command = <Result>(orgId: OrgId, update: string, args: [CheckNow?] = []): Promise<Result> =>
    reachSoon(client, () =>
      client.workflow.executeUpdateWithStart<typeof connectionWorkflow, Result, [CheckNow?]>(update, {
        args,
        startWorkflowOperation: new WithStartWorkflowOperation('connectionWorkflow', {
          ...options(orgId),
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        }),
      }),
    );

  return {
    async startAuthorization(authorizationId) {
      try {
        await reachSoon(
          client,
          () =>
            client.workflow.start<typeof authorizationWorkflow>('authorizationWorkflow', {
              workflowId: authorizationWorkflowId(authorizationId),
              taskQueue: taskQueues.connections,
              args: [{ authorizationId } satisfies AuthorizationStart],
              staticSummary: 'One attempt to connect',
              workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
              workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
            }),
          messageLimitMs,
        );
      } catch (error) {
        // It ran already: the attempt's row says how it ended.
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },
    authorized: (orgId, version) => tell(orgId, connectionSignals.authorized, [{ version }]),
    tokenRejected: (orgId, version) => tell(orgId, connectionSignals.tokenRejected, [{ version }]),
    async grantRevoked(orgId) {
      try {
        const handle = client.workflow.getHandle(connectionWorkflowId(orgId));
        await reach(client, () => handle.signal(connectionSignals.grantRevoked), messageLimitMs);
      } catch (error) {
        // Nothing is connected to that org.
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
    async checkNow(orgId, { thorough } = { thorough: false }) {
      await command<ConnectionSummary>(orgId, connectionUpdates.checkNow, [{ thorough }]);
    },
    refreshNow: async (orgId) => (await command<RefreshSummary>(orgId, connectionUpdates.refreshNow)).outcome,
    async disconnect(orgId) {
      await command(orgId, connectionUpdates.disconnect);
    },
    watching: (orgId, sinceNow) =>
      lookAtToken(orgId, sinceNow, (doubtful) => tell(orgId, connectionSignals.tokenDoubted, [doubtful])),
  };
}
