import type {
  DescribedField,
  DescribedObject,
  OrgSchema,
  OrgUser,
  OrgUsers,
  SalesforceFailure,
} from '../../../src/ports.ts';
import type { AskOrg } from '../../../src/use-cases/org-access.ts';

const away: SalesforceFailure = {
  kind: 'failure',
  cause: 'salesforce-unreachable',
  answer: 'ECONNREFUSED',
  retryable: true,
};

/** A field as describe tells it, searchable in every way unless said otherwise. */
export const field = (name: string, type: string, more: Partial<DescribedField> = {}): DescribedField => ({
  name,
  label: name,
  type,
  filterable: true,
  sortable: true,
  externalId: false,
  referenceTo: [],
  relationshipName: undefined,
  ...more,
});

const owner = field('OwnerId', 'reference', { referenceTo: ['User'], relationshipName: 'Owner' });

export const describedObjects: readonly DescribedObject[] = [
  {
    name: 'Contact',
    fields: [
      field('FirstName', 'string'),
      field('Phone', 'phone'),
      field('AccountId', 'reference', { referenceTo: ['Account'], relationshipName: 'Account' }),
      owner,
    ],
  },
  { name: 'Account', fields: [field('Name', 'string'), field('Phone', 'phone'), owner] },
  { name: 'User', fields: [field('Name', 'string'), field('Extension', 'phone')] },
].map((object) => ({ ...object, label: object.name, isCustom: false, queryable: true, searchable: true }));

/** An org whose objects and users a test sets; it cannot be asked while `isAway`. */
export function createFakeOrg() {
  const org = { objects: describedObjects, users: [] as OrgUser[], isAway: false };
  const answer = async <T>(value: T) =>
    org.isAway ? ({ ok: false, failure: away } as const) : ({ ok: true, value, apiUsage: undefined } as const);
  const schema: OrgSchema = {
    objects: () => answer(org.objects),
    object: (_session, name) => answer(org.objects.find((object) => object.name === name)),
  };
  const users: OrgUsers = { list: () => answer(org.users) };
  const askOrg: AskOrg = async (_accountId, ask) => {
    const result = await ask({ orgId: '00DA0000000BhM2MAK', instanceUrl: '', accessToken: '', version: 1 });
    return result.ok ? { ok: true, value: result.value } : { ok: false, cause: result.failure.cause };
  };
  return { org, schema, users, askOrg };
}
