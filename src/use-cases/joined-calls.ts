import type { LookupResult } from '../ports.ts';

interface JoinedCall {
  readonly result: Promise<LookupResult>;
  readonly repeats: number;
  readonly settle: (result: LookupResult) => void;
  readonly giveUp: () => void;
}

/** After the start of its workflow, how long an answered call is kept for it: if it does not come, another process has it by then. */
const keptForMs = 60_000;

/**
 * The calls of the server as its recorder knows them, by run id: the workflow of a run joins its call here. A call is known from the
 * question on, and kept until its run is recorded.
 */
export function createJoinedCalls(onRecorded: (runId: string, repeats: number) => void) {
  const calls = new Map<string, JoinedCall>();
  return {
    asked(runId: string): Promise<LookupResult> {
      const known = calls.get(runId);
      if (known) return known.result;
      const { promise: result, resolve, reject } = Promise.withResolvers<LookupResult>();
      result.catch(() => undefined); // nobody may be waiting
      const giveUp = () => reject(new Error('The process of the question has ended.'));
      calls.set(runId, { result, repeats: 0, settle: resolve, giveUp });
      return result;
    },
    answered(runId: string, result: LookupResult): void {
      calls.get(runId)?.settle(result);
    },
    /** Its workflow has started, or never will. Before that a call is kept however long the start has to wait. */
    started(runId: string): void {
      const forget = () => setTimeout(() => calls.delete(runId), keptForMs).unref();
      void calls.get(runId)?.result.then(forget, forget);
    },
    find: (runId: string): Pick<JoinedCall, 'result' | 'repeats'> | undefined => calls.get(runId),
    recorded(runId: string, repeats: number): void {
      calls.delete(runId);
      onRecorded(runId, repeats);
    },
    /** The server has ended: what it has not answered it never will. */
    giveUp(): void {
      for (const { giveUp } of calls.values()) giveUp();
    },
  };
}
