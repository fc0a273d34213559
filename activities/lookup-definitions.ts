import type { Lookups } from '../src/ports.ts';
import type { LookupDefinitions } from '../src/use-cases/lookup-definitions.ts';
import { withHeartbeat } from './heartbeat.ts';

export function createLookupDefinitionActivities(dependencies: {
  readonly lookups: Pick<Lookups, 'accounts'>;
  readonly lookupDefinitions: Pick<LookupDefinitions, 'recheck'>;
}) {
  const { lookups, lookupDefinitions } = dependencies;
  return {
    /** Holds every account's lookups to its org, one account after the other; answers with how many are broken. */
    recheckLookups: (): Promise<number> =>
      withHeartbeat(async () => {
        let broken = 0;
        for (const accountId of await lookups.accounts()) broken += await lookupDefinitions.recheck(accountId);
        return broken;
      }),
  };
}
