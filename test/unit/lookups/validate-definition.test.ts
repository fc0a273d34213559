import { describe, expect, it } from 'vitest';
import { newStep, ownerExtension, withoutExtension, type LookupStep } from '../../../src/domain/lookup-step.ts';
import type { DefinitionProblem } from '../../../src/domain/lookup.ts';
import { createLookupDefinitions } from '../../../src/use-cases/lookup-definitions.ts';
import { validateDefinition, type DefinitionDraft } from '../../../src/use-cases/validate-definition.ts';
import { secretTokens } from '../../../src/crypto/tokens.ts';
import { accountId } from '../../support/fakes/lookups.ts';
import { createFakeOrg, describedObjects, field } from '../../support/fakes/org.ts';
import { createFakeLookupDefinitions } from '../../support/fakes/phone-systems.ts';
import { createFakeClock } from '../../support/fakes/world.ts';

const contact = newStep('Contact', ['Phone']);
const draft = (...steps: LookupStep[]): DefinitionDraft => ({
  kind: 'extension',
  name: 'Owner of the caller',
  steps,
  fallbacks: {},
  fallbackExtension: undefined,
});
const dataDraft = (step: Partial<LookupStep>): DefinitionDraft => ({
  ...draft({
    ...withoutExtension(contact),
    returns: [{ field: 'FirstName', name: 'FirstName', empty: '' }],
    ...step,
  }),
  kind: 'data',
});
const describeObject = async (name: string) => describedObjects.find((object) => object.name === name);
const problemsOf = async (given: DefinitionDraft): Promise<readonly Partial<DefinitionProblem>[]> =>
  (await validateDefinition(given, describeObject)).map((problem) =>
    Object.fromEntries(Object.entries(problem).filter(([, value]) => value !== undefined)),
  );

describe('validateDefinition', () => {
  it.each<readonly [string, DefinitionDraft]>([
    ['the owner of a contact', draft(contact)],
    [
      'the owner of the account, with conditions on parents and an order',
      draft({
        ...contact,
        only: ['active-owner'],
        filters: [{ field: 'Account.Name', type: 'text', operator: 'starts-with', value: 'A' }],
        order: [{ field: 'Account.Owner.Name', direction: 'ascending' }],
        extension: { ...ownerExtension, user: { is: 'field', field: 'Account.OwnerId' } } as LookupStep['extension'] &
          object,
      }),
    ],
    ['fields of parents', dataDraft({ returns: [{ field: 'Account.Name', name: 'Company', empty: '-' }] })],
    [
      'a case number that is keyed in',
      draft({ ...newStep('Account', ['Name']), search: { by: 'ivr', as: 'text', leadingZerosTo: 8 } }),
    ],
  ])('finds nothing wrong with %s', async (_, given) => {
    expect(await problemsOf(given)).toEqual([]);
  });

  it.each<readonly [string, DefinitionDraft, Partial<DefinitionProblem>]>([
    ['a missing name', { ...draft(contact), name: ' ' }, { part: 'name', problem: 'missing' }],
    ['no steps', draft(), { part: 'steps', problem: 'missing' }],
    [
      'an object that is gone',
      draft(newStep('Nope__c', ['Phone'])),
      { step: 0, part: 'object', problem: 'gone', subject: 'Nope__c' },
    ],
    [
      'a field that is gone',
      draft(contact, newStep('Contact', ['Phone', 'Nope__c'])),
      { step: 1, part: 'fields', position: 1, problem: 'gone', subject: 'Nope__c' },
    ],
    [
      'a field that holds no numbers',
      draft(newStep('Contact', ['AccountId'])),
      { step: 0, part: 'fields', position: 0, problem: 'wrong-type', subject: 'AccountId' },
    ],
    [
      'a field of ids that is compared with a text',
      draft({ ...newStep('Contact', ['AccountId']), search: { by: 'ivr', as: 'text', leadingZerosTo: 0 } }),
      { step: 0, part: 'fields', position: 0, problem: 'wrong-type', subject: 'AccountId' },
    ],
    [
      'a text field that is compared with an id',
      draft({ ...newStep('Contact', ['FirstName']), search: { by: 'ivr', as: 'id', leadingZerosTo: 0 } }),
      { step: 0, part: 'fields', position: 0, problem: 'wrong-type', subject: 'FirstName' },
    ],
    [
      'a fixed id that is none',
      draft({ ...newStep('Contact', ['AccountId']), search: { by: 'fixed', value: '1002', as: 'id' } }),
      { step: 0, part: 'search', problem: 'wrong-value' },
    ],
    [
      'a filter that compares an id with what is none',
      draft({ ...contact, filters: [{ field: 'AccountId', type: 'text', operator: 'equals', value: 'Acme' }] }),
      { step: 0, part: 'filters', position: 0, problem: 'wrong-value' },
    ],
    [
      'a filter that looks for a part of an id',
      draft({ ...contact, filters: [{ field: 'AccountId', type: 'text', operator: 'contains', value: '001' }] }),
      { step: 0, part: 'filters', position: 0, problem: 'wrong-operator' },
    ],
    ['no fields', draft(newStep('Contact', [])), { step: 0, part: 'fields', problem: 'missing' }],
    [
      'a filter of another type',
      draft({ ...contact, filters: [{ field: 'FirstName', type: 'number', operator: 'equals', value: '1' }] }),
      { step: 0, part: 'filters', position: 0, problem: 'wrong-type', subject: 'FirstName' },
    ],
    [
      'an operator that does not go with the type',
      draft({ ...contact, filters: [{ field: 'FirstName', type: 'text', operator: 'less', value: '1' }] }),
      { step: 0, part: 'filters', position: 0, problem: 'wrong-operator' },
    ],
    [
      'a condition that the object cannot have',
      draft({ ...contact, only: ['open-case'] }),
      { step: 0, part: 'filters', problem: 'does-not-apply', subject: 'open-case' },
    ],
    [
      'a lookup field that leads to no user',
      draft({
        ...contact,
        extension: { from: 'user', user: { is: 'field', field: 'AccountId' }, userField: 'Extension' },
      }),
      { step: 0, part: 'extension', problem: 'not-a-user', subject: 'AccountId' },
    ],
    [
      'a field of the user that is gone',
      draft({ ...contact, extension: { from: 'user', user: { is: 'field', field: 'OwnerId' }, userField: 'Ext__c' } }),
      { step: 0, part: 'extension', problem: 'gone', subject: 'User.Ext__c' },
    ],
    [
      'a parent that is gone',
      dataDraft({ returns: [{ field: 'Nope.Name', name: 'A', empty: '' }] }),
      { step: 0, part: 'returns', position: 0, problem: 'gone', subject: 'Nope.Name' },
    ],
    [
      'two fields of one name',
      dataDraft({
        returns: [
          { field: 'FirstName', name: 'A', empty: '' },
          { field: 'Phone', name: 'a', empty: '' },
        ],
      }),
      { step: 0, part: 'returns', position: 1, problem: 'name-taken', subject: 'a' },
    ],
    [
      'a name that is no element of XML',
      dataDraft({ returns: [{ field: 'FirstName', name: 'First name', empty: '' }] }),
      { step: 0, part: 'returns', position: 0, problem: 'not-a-name', subject: 'First name' },
    ],
    [
      'a fallback that is no extension',
      { ...draft(contact), fallbacks: { 'no-match': '1 2' } },
      { part: 'fallbacks', problem: 'wrong-value', subject: 'no-match' },
    ],
    ['a data lookup without fields', dataDraft({ returns: [] }), { step: 0, part: 'returns', problem: 'missing' }],
    [
      'a fixed number that is none',
      draft({ ...contact, search: { by: 'fixed', value: 'x', as: 'number' }, fields: [] }),
      { step: 0, part: 'search', problem: 'wrong-value' },
    ],
  ])('finds %s', async (_, given, problem) => {
    expect(await problemsOf(given)).toContainEqual(problem);
  });

  it('finds nothing wrong with ids where ids are', async () => {
    const id = '001A0000000AbCdIAK';
    const step = newStep('Contact', ['AccountId']);
    const fixed = { ...step, search: { by: 'fixed', value: id, as: 'id' } } as const;
    const keyed = { ...step, search: { by: 'ivr', as: 'id', leadingZerosTo: 0 } } as const;
    const filtered = {
      ...contact,
      filters: [
        { field: 'AccountId', type: 'text', operator: 'equals', value: id },
        { field: 'AccountId', type: 'text', operator: 'is-not-empty', value: '' },
      ],
    } as const;
    expect(await problemsOf(draft(fixed, keyed, filtered))).toEqual([]);
  });

  it('finds a field that cannot be filtered or sorted by', async () => {
    const objects = describedObjects.map((object) =>
      object.name === 'Contact'
        ? { ...object, fields: [...object.fields, field('Notes__c', 'string', { filterable: false, sortable: false })] }
        : object,
    );
    const problems = await validateDefinition(
      draft({ ...contact, fields: ['Notes__c'], order: [{ field: 'Notes__c', direction: 'ascending' }] }),
      async (name) => objects.find((object) => object.name === name),
    );
    expect(problems.map(({ part, problem }) => `${part} ${problem}`)).toEqual([
      'fields not-filterable',
      'order not-sortable',
    ]);
  });
});

describe('lookup definitions', () => {
  const { org, schema, askOrg } = createFakeOrg();
  const clock = createFakeClock();
  const lookups = createFakeLookupDefinitions(clock.now);
  const definitions = createLookupDefinitions({ lookups, schema, askOrg, tokens: secretTokens, clock });

  it('are saved when nothing is wrong, changed under their id, and refused otherwise', async () => {
    const saved = await definitions.save(accountId, draft(contact));
    if (!saved.ok) throw new Error('refused');
    expect(saved.lookup).toMatchObject({ accountId, kind: 'extension', version: 1, checkedAtMs: clock.now() });
    expect(saved.lookup.id).toMatch(/^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$/);
    const changed = await definitions.save(accountId, { ...draft(contact), name: 'Other' }, saved.lookup.id);
    expect(changed).toMatchObject({ ok: true, lookup: { id: saved.lookup.id, name: 'Other', version: 2 } });
    expect(await definitions.save(accountId, draft(newStep('Contact', ['Nope__c'])))).toMatchObject({
      ok: false,
      problems: [{ problem: 'gone' }],
    });
    await expect(definitions.save('another account', draft(contact), saved.lookup.id)).rejects.toMatchObject({
      code: 'LOOKUP_NOT_FOUND',
    });
  });

  it('can be saved while the org cannot be asked, and say that they were not checked', async () => {
    org.isAway = true;
    expect(await definitions.check(accountId, draft(newStep('Contact', ['Nope__c'])))).toEqual({
      problems: [],
      unchecked: 'salesforce-unreachable',
    });
    expect(await definitions.save(accountId, draft(contact))).toMatchObject({
      ok: true,
      lookup: { checkedAtMs: undefined },
    });
    expect(await definitions.save(accountId, draft())).toMatchObject({ ok: false });
    org.isAway = false;
  });

  it('keep what the last check found when they are saved unchecked with the same steps, and else say that nothing is known', async () => {
    const saved = await definitions.save(accountId, draft(contact));
    if (!saved.ok) throw new Error('refused');
    const { id } = saved.lookup;
    const problems = [{ step: 0, part: 'fields', position: 0, problem: 'gone', subject: 'Phone' }] as const;
    await lookups.noteCheck(saved.lookup, problems);
    const checkedAtMs = clock.now();
    org.isAway = true;
    expect(await definitions.save(accountId, { ...draft(contact), name: 'Renamed' }, id)).toMatchObject({
      lookup: { name: 'Renamed', problems, checkedAtMs },
    });
    expect(await definitions.save(accountId, draft(newStep('Contact', ['MobilePhone'])), id)).toMatchObject({
      lookup: { problems: [], checkedAtMs: undefined },
    });
    org.isAway = false;
    expect(await definitions.save(accountId, draft(contact), id)).toMatchObject({
      lookup: { problems: [], checkedAtMs },
    });
  });

  it('are checked again, one broken leaving the others alone, and mend', async () => {
    lookups.byId.clear();
    const [good, broken] = await Promise.all(
      [contact, newStep('Account', ['Phone'])].map(async (step) => {
        const saved = await definitions.save(accountId, draft(step));
        if (!saved.ok) throw new Error('refused');
        return saved.lookup.id;
      }),
    );
    org.objects = describedObjects.filter(({ name }) => name !== 'Account');
    expect(await definitions.recheck(accountId)).toBe(1);
    expect(lookups.byId.get(good ?? '')?.problems).toEqual([]);
    expect(lookups.byId.get(broken ?? '')).toMatchObject({
      problems: [{ problem: 'gone', subject: 'Account' }],
      version: 1,
    });
    org.isAway = true;
    expect(await definitions.recheck(accountId)).toBe(0);
    expect(lookups.byId.get(broken ?? '')?.problems).toHaveLength(1);
    org.isAway = false;
    org.objects = describedObjects;
    expect(await definitions.recheck(accountId)).toBe(0);
    expect(lookups.byId.get(broken ?? '')?.problems).toEqual([]);
  });
});
