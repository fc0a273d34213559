import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { taskQueues } from '../workflows/names.ts';
import type { warmUpWorkflow } from '../workflows/warm-up.ts';
import { defaultExtensionSteps } from './domain/pbx-settings.ts';
import type { Logger } from './logger.ts';
import { defaultDialingRules } from './phone-numbers/numbering-plans.ts';
import { readNumber } from './phone-numbers/read-number.ts';
import { createSalesforceData } from './salesforce/data.ts';
import type { SalesforceHttp } from './salesforce/http.ts';
import { createRecordSearch } from './salesforce/record-search.ts';
import type { TemporalConnection } from './temporal/client.ts';
import { createFindRecord } from './use-cases/find-record.ts';
import { readQuestion } from './use-cases/read-question.ts';

/** After a few thousand runs the engine compiles at its best. Half a second's work, while the recorder starts. */
const searches = 3_000;
const workflows = 3;
const engineLimitMs = 10_000;

/*
 * Runs what a lookup runs before the first caller waits for it: the code is compiled, the metadata of numbers is read, the engine's
 * sandbox stands. Nothing leaves the process but the workflows' starts.
 */

/** An engine that does not answer is no reason not to answer calls. */
export async function warmUpEngine({ client }: TemporalConnection, logger: Logger): Promise<void> {
  try {
    for (let run = 0; run < workflows; run++) {
      await client.withDeadline(Date.now() + engineLimitMs, () =>
        client.workflow.execute<typeof warmUpWorkflow>('warmUpWorkflow', {
          taskQueue: taskQueues.lookups,
          workflowId: `warm-up-${randomUUID()}`,
          requestEagerStart: true,
          workflowRunTimeout: engineLimitMs,
          staticSummary: 'Warm-up of a server that starts',
        }),
      );
    }
  } catch {
    logger.warn('the workflow engine could not be warmed up');
  }
}

/** Searches with answers of our own in place of Salesforce's: every other time somebody is found, else nobody under either way of asking. */
export async function warmUpSearch(apiVersion: string, signal: AbortSignal): Promise<void> {
  let caller: string | undefined;
  const http = rehearsedSalesforce(() => caller);
  const findRecord = createFindRecord(createRecordSearch(createSalesforceData({ http, apiVersion })));
  const rules = defaultDialingRules('DE');
  const noExtensions = { ofUser: () => undefined };
  for (let search = 0; search < searches; search++) {
    // Callers are answered meanwhile.
    if (search % 10 === 0) await nextTurn();
    if (signal.aborted) return;
    const callerId = `+49302312${String(search).padStart(5, '0')}`;
    caller = search % 2 === 0 ? callerId : undefined;
    await findRecord({
      question: readQuestion({ callerId }, (sent) => readNumber(sent, rules)),
      rules,
      steps: defaultExtensionSteps,
      extensions: noExtensions,
      session: { orgId: '', instanceUrl: 'http://localhost', accessToken: '', version: 0 },
      signal,
    });
  }
}

/** Answers at once, without a network: the first query of a composite request finds a contact with this number, if any; nothing else finds. */
export const rehearsedSalesforce = (phone: () => string | undefined): SalesforceHttp => ({
  async send({ url, body }) {
    const asked = JSON.parse(Buffer.from(body ?? '{}').toString()) as { compositeRequest?: { referenceId: string }[] };
    const parts = asked.compositeRequest ?? [];
    const known = phone();
    const answer = url.endsWith('/composite')
      ? {
          compositeResponse: parts.map(({ referenceId }, position) => {
            const records = position === 0 && known !== undefined ? [contactWith(known)] : [];
            return {
              body: { totalSize: records.length, done: true, records },
              httpHeaders: {},
              httpStatusCode: 200,
              referenceId,
            };
          }),
        }
      : { searchRecords: [] };
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) };
  },
  close: async () => undefined,
});

const contactWith = (phone: string) => ({
  attributes: { type: 'Contact', url: '/services/data/v67.0/sobjects/Contact/003000000000001AAA' },
  Id: '003000000000001AAA',
  LastModifiedDate: '2026-01-01T00:00:00.000+0000',
  Phone: phone,
  OwnerId: '005000000000001AAA',
  Owner: { attributes: { type: 'User' }, IsActive: true, Extension: '100' },
});
