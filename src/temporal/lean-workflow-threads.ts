import v8 from 'node:v8';
import { Script, type Context, type RunningCodeInNewContextOptions } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

/*
 * Required (`--require`) by the threads of the recorder before all else. Its workflows are a few lines of ours that are over in
 * milliseconds, and for each of them the SDK took several times as long as they do, for two things that they have no use for:
 *
 * - For every promise of a workflow it compiles a function, takes a stack and looks each frame up in the source map, so that one that
 *   hangs can be asked where. It goes without where Node has no hook for promises (`GlobalHandlers.setPromiseHook` of @temporalio/worker);
 *   here it gets one that hooks nothing.
 * - Each call into the sandbox has a time limit against code that never ends, and Node starts and ends a thread for every limit.
 */
if (!isMainThread) {
  v8.promiseHooks.createHook = () => () => undefined;

  // eslint-disable-next-line @typescript-eslint/unbound-method -- It is called on the script that it is meant for.
  const { runInContext } = Script.prototype;
  Script.prototype.runInContext = function runWithoutLimit(
    this: Script,
    context: Context,
    options?: RunningCodeInNewContextOptions,
  ): unknown {
    return runInContext.call(this, context, { ...options, timeout: undefined });
  };
}
