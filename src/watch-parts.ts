import type { Dependencies } from './dependencies.ts';
import type { Logger } from './logger.ts';

const everyMs = 2_000;
const limitMs = 1_500;

/** Knows whether PostgreSQL and Temporal answer, for the health page: asked in the background, so that the page answers at once. */
export function watchParts(
  { database, temporal }: Pick<Dependencies, 'database' | 'temporal'>,
  isRecording: () => boolean,
  logger: Logger,
) {
  const parts: Record<'postgres' | 'temporal', 'ok' | 'away'> = { postgres: 'ok', temporal: 'ok' };

  const look = async (name: keyof typeof parts, ask: () => PromiseLike<unknown>) => {
    const answered = await Promise.race([ask(), new Promise((_, reject) => setTimeout(reject, limitMs).unref())]).then(
      () => true,
      () => false,
    );
    const state = answered ? 'ok' : 'away';
    if (parts[name] !== state) logger[answered ? 'info' : 'warn'](`${name} is ${answered ? 'back' : 'away'}`);
    parts[name] = state;
  };
  const timer = setInterval(() => {
    void look('postgres', () => database.sql`select 1`);
    void look('temporal', async () => {
      if (!isRecording()) throw new Error('the recorder is away');
      await temporal.client.withDeadline(Date.now() + limitMs, () => temporal.client.workflowService.getSystemInfo({}));
    });
  }, everyMs);
  timer.unref();
  return { now: () => parts, close: () => clearInterval(timer) };
}
