import { randomUUID } from 'node:crypto';
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

const searches = 200;
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

/** A search with an answer of our own in place of Salesforce's: nobody is there under either way of asking. */
export async function warmUpSearch(apiVersion: string): Promise<void> {
  const nobody: SalesforceHttp = {
    async send({ url, body }) {
      const parts =
        (JSON.parse(body ?? '{}') as { compositeRequest?: { referenceId: string }[] }).compositeRequest ?? [];
      const answer = url.endsWith('/composite')
        ? {
            compositeResponse: parts.map(({ referenceId }) => ({
              body: { totalSize: 0, done: true, records: [] },
              httpHeaders: {},
              httpStatusCode: 200,
              referenceId,
            })),
          }
        : { searchRecords: [] };
      return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) };
    },
    close: async () => undefined,
  };
  const findRecord = createFindRecord(createRecordSearch(createSalesforceData({ http: nobody, apiVersion })));
  const rules = defaultDialingRules('DE');
  const noExtensions = { ofUser: () => undefined };
  for (let search = 0; search < searches; search++) {
    await findRecord({
      question: readQuestion({ callerId: `+493023125${String(search).padStart(3, '0')}` }, (sent) =>
        readNumber(sent, rules),
      ),
      rules,
      steps: defaultExtensionSteps,
      extensions: noExtensions,
      session: { orgId: '', instanceUrl: 'http://localhost', accessToken: '', version: 0 },
      signal: new AbortController().signal,
    });
  }
}
