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
  const parts: Record<'postgres' | 'temporal', 'ok' | 'away'> = { postgres: 'ok', temporal: 'away' };

  const note = (name: keyof typeof parts, answers: boolean) => {
    const state = answers ? 'ok' : 'away';
    if (parts[name] !== state) logger[answers ? 'info' : 'warn'](`${name} ${answers ? 'answers' : 'is away'}`);
    parts[name] = state;
  };
  const postgresAnswers = () => inTime(database.sql`select 1`);
  const temporalAnswers = () =>
    inTime(temporal.client.withDeadline(Date.now() + limitMs, () => temporal.client.workflowService.getSystemInfo({})));
  const look = async () => {
    const [postgres, engine] = await Promise.all([postgresAnswers(), temporalAnswers()]);
    note('postgres', postgres);
    note('temporal', engine && isRecording());
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return { now: () => parts, look, temporalAnswers, close: () => clearInterval(timer) };
}

/** False when it fails, or takes so long that whoever waits for it would not. */
const inTime = (asked: PromiseLike<unknown>): Promise<boolean> =>
  Promise.race([asked, new Promise((_, reject) => setTimeout(reject, limitMs).unref())]).then(
    () => true,
    () => false,
  );
