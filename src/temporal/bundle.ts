import { bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../logger.ts';

const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

/** The workflows as the sandbox loads them: the file made beforehand, or made now, which takes a second or two. */
export async function workflowBundle(path: string | undefined, logger?: Logger): Promise<WorkflowBundleOption> {
  return path === undefined ? bundle(logger) : { codePath: path };
}

/** Makes the bundle once for many processes. */
export async function writeWorkflowBundle(path: string): Promise<void> {
  const { code } = await bundle();
  await writeFile(path, code);
}

const bundle = (logger?: Logger) =>
  bundleWorkflowCode({
    workflowsPath,
    logger: {
      log: () => undefined,
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: (message) => logger?.warn(message),
      error: (message) => logger?.error(message),
    },
  });
