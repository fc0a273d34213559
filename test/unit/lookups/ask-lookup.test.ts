import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { AppError } from '../../../src/errors.ts';
import { createAskLookup } from '../../../src/use-cases/ask-lookup.ts';
import { connection, lookup, pbx } from '../../support/fakes/lookups.ts';
import { createFakePhoneDirectory } from '../../support/fakes/phone-directory.ts';

it.each([300, 600])(
  'says within a deadline of %i ms that an org is another, while the database has no news of it',
  async (deadlineMs) => {
    const directory = createFakePhoneDirectory();
    directory.lookups.set(lookup.id, lookup);
    directory.setConnection(connection);
    const ask = createAskLookup({
      directory: { ...directory, confirm: () => new Promise(() => undefined) },
      calls: { answer: () => Promise.reject(new Error('Salesforce was asked')) },
      limiter: { enter: () => () => undefined },
      readNumber: () => ({ kind: 'invalid' }),
    });
    const asked = ask({
      service: 'extension',
      pbx: { ...pbx, deadlineMs },
      orgId: '00DB0000000CaT5MAK',
      lookupId: undefined,
      question: { callerId: '+49752543312' },
      arrivedAtMs: Date.now(),
    });
    const said = asked.then(
      () => 'an answer',
      (error: unknown) => (error as AppError).code,
    );
    expect(await Promise.race([said, sleep(deadlineMs, 'the deadline')])).toBe('PBX_NOT_FOUND');
  },
);
