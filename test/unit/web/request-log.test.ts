import type { FastifyBaseLogger } from 'fastify';
import { expect, it } from 'vitest';
import { createLogger } from '../../../src/logger.ts';
import { RequestLogger } from '../../../web/plugins/request-log.ts';

it('makes the logger of a request when there is something to say, once', () => {
  const lines: string[] = [];
  const parent = createLogger('info', 'server', { write: (line) => void lines.push(line) });
  let made = 0;
  const counting: FastifyBaseLogger = Object.assign(Object.create(parent) as FastifyBaseLogger, {
    child: (...given: Parameters<FastifyBaseLogger['child']>) => {
      made += 1;
      return parent.child(...given);
    },
  });
  const logger = new RequestLogger(counting, { requestId: 'one' });
  expect(made).toBe(0);
  logger.info({ token: 'hidden' }, 'first');
  logger.child({ step: 'two' }).warn('second');
  logger.debug('not at this level');
  expect(made).toBe(1);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 30, requestId: 'one', token: '***', msg: 'first' },
    { level: 40, requestId: 'one', step: 'two', msg: 'second' },
  ]);
});
