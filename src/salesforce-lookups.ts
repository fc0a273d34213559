import { openPhoneDirectory } from './database/phone-directory.ts';
import type { Dependencies } from './dependencies.ts';
import { defaultDialingRules } from './phone-numbers/numbering-plans.ts';
import type { ProcessContext } from './run-process.ts';
import { createRecordSearch } from './salesforce/record-search.ts';
import { createAskSalesforce } from './use-cases/ask-salesforce.ts';
import { createFindRecord } from './use-cases/find-record.ts';
import { createOrgGate } from './use-cases/org-gate.ts';

/** What a process needs to ask Salesforce the questions of phone systems: what is known of these, and the asking itself. */
export async function openSalesforceLookups(
  { config, logger, cleanup }: Pick<ProcessContext, 'config' | 'logger' | 'cleanup'>,
  dependencies: Dependencies,
) {
  const directory = await openPhoneDirectory({
    ...dependencies,
    db: dependencies.database.db,
    rulesOfCountry: defaultDialingRules,
    logger,
  });
  cleanup.defer(() => directory.close());
  const askSalesforce = createAskSalesforce({
    directory,
    findRecord: createFindRecord(createRecordSearch(dependencies.data)),
    gate: createOrgGate(dependencies.clock, config.orgGate),
    engine: dependencies.engine,
    logger,
  });
  return { directory, askSalesforce };
}
