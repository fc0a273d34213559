import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import pino from 'pino';
import { createSealer } from '../../src/crypto/sealer.ts';
import { createAccounts } from '../../src/database/accounts.ts';
import { openChangeFeed } from '../../src/database/changes.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { createDialingRuleSets } from '../../src/database/dialing-rule-sets.ts';
import { createExtensions } from '../../src/database/extensions.ts';
import { createLookups } from '../../src/database/lookups.ts';
import { createPbxs } from '../../src/database/pbxs.ts';
import { openPhoneDirectory } from '../../src/database/phone-directory.ts';
import { tripletId } from '../../src/domain/ids.ts';
import { newStep, withoutExtension } from '../../src/domain/lookup-step.ts';
import { defaultDialingRules } from '../../src/phone-numbers/numbering-plans.ts';
import type { PhoneDirectory } from '../../src/ports.ts';
import { lookup, pbx } from '../support/fakes/lookups.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let database: Database;
let directory: PhoneDirectory & { close(): Promise<void> };
let accountId: string;
const sealer = createSealer([{ id: 'test', key: randomBytes(32) }]);
const repositories = () => ({
  lookups: createLookups(database.db),
  pbxs: createPbxs(database.db, sealer),
  ruleSets: createDialingRuleSets(database.db),
  extensions: createExtensions(database.db),
});
const newId = () => tripletId(randomBytes(9));
const newLookup = (changes: Partial<typeof lookup> = {}) =>
  repositories().lookups.create({ ...lookup, id: newId(), accountId, ...changes });

beforeAll(async () => {
  test = await createTestDatabase();
  database = openDatabase(test.url);
  directory = await openPhoneDirectory({
    db: database.db,
    sealer,
    changes: await openChangeFeed(database.sql),
    pbxs: repositories().pbxs,
    rulesOfCountry: defaultDialingRules,
    logger: pino({ level: 'silent' }),
  });
});
beforeEach(async () => {
  const account = await createAccounts(database.db).create({
    email: `${randomUUID()}@acme.example`,
    passwordHash: 'x',
    firstName: 'Ada',
    lastName: 'Admin',
    company: undefined,
    timeZone: 'Europe/Berlin',
  });
  accountId = account.id;
});
afterAll(async () => {
  await directory.close();
  await database.close();
  await test.drop();
});

const soon = { timeout: 2_000 };

describe('lookups', () => {
  const whole = {
    ...withoutExtension(newStep('Case', ['CaseNumber'])),
    search: { by: 'ivr', as: 'text', leadingZerosTo: 8 },
    only: ['open-case'],
    filters: [{ field: 'Account.Type', type: 'text', operator: 'equals', value: "O'Neill" }],
    order: [{ field: 'CreatedDate', direction: 'ascending' }],
    whenSeveral: 'answer-several',
    returns: [{ field: 'Account.Name', name: 'Company', empty: '-' }],
  } as const;

  it('come back as they were made, are listed, and change under a new version heard of at once', async () => {
    const { lookups } = repositories();
    const made = await newLookup({ kind: 'data', steps: [whole], fallbacks: { 'no-match': '300' } });
    expect(made).toMatchObject({ version: 1, steps: [whole], fallbacks: { 'no-match': '300' }, problems: [] });
    expect(await lookups.find(accountId, made.id)).toEqual(made);
    const changed = await lookups.update({
      id: made.id,
      accountId,
      name: 'Changed',
      fallbackExtension: '7',
      steps: lookup.steps,
    });
    expect(changed).toMatchObject({ version: 2, name: 'Changed', fallbackExtension: '7', fallbacks: made.fallbacks });
    await expect.poll(() => directory.lookup(made.id), soon).toEqual(changed);
    expect(await lookups.update({ id: made.id, accountId, fallbackExtension: undefined })).toMatchObject({
      fallbackExtension: undefined,
    });
    const second = await newLookup();
    expect((await lookups.list(accountId)).map(({ id }) => id)).toEqual([made.id, second.id]);
    expect((await lookups.accounts()).filter((id) => id === accountId)).toEqual([accountId]);
    await expect(lookups.update({ id: made.id, accountId: randomUUID() })).rejects.toMatchObject({
      code: 'LOOKUP_NOT_FOUND',
    });
  });

  it('keep what a check found, unless they have changed meanwhile', async () => {
    const { lookups } = repositories();
    const made = await newLookup();
    const problem = { step: 0, part: 'object', position: undefined, problem: 'gone', subject: 'Nope__c' } as const;
    await lookups.noteCheck(made, [problem]);
    expect(await lookups.find(accountId, made.id)).toMatchObject({ version: 1, problems: [problem] });
    await lookups.update({ id: made.id, accountId, problems: [] });
    await lookups.noteCheck(made, [problem]);
    const changed = await lookups.find(accountId, made.id);
    expect(changed).toMatchObject({ version: 2, problems: [] });
    expect(changed?.checkedAtMs).toBeDefined();
    const unchecked = await lookups.update({ id: made.id, accountId, checkedAtMs: undefined });
    expect(unchecked.checkedAtMs).toBeUndefined();
  });

  it('cannot be removed while they are the default of a phone system', async () => {
    const { lookups, pbxs } = repositories();
    const [own, data] = [await newLookup(), await newLookup({ kind: 'data' })];
    const mine = { ...pbx, id: newId(), accountId, defaultExtensionLookupId: own.id };
    await pbxs.create({ ...mine, defaultDataLookupId: data.id }, randomBytes(32));
    expect([await lookups.remove(accountId, own.id), await lookups.remove(accountId, data.id)]).toEqual([
      'in-use',
      'in-use',
    ]);
    await pbxs.update({ id: mine.id, accountId, defaultDataLookupId: undefined });
    expect(await lookups.remove(randomUUID(), data.id)).toBe('not-found');
    expect(await lookups.remove(accountId, data.id)).toBe('removed');
    await expect.poll(() => directory.lookup(data.id), soon).toBeUndefined();
  });

  it('of another shape are the trouble of their owner alone', async () => {
    const [broken, good] = [await newLookup(), await newLookup()];
    await database.sql`update lookups set steps = '[{"object":"Contact"}]' where id = ${broken.id}`;
    await expect(repositories().lookups.find(accountId, broken.id)).rejects.toThrow();
    await repositories().lookups.update({ id: good.id, accountId, name: 'Good' });
    await expect.poll(() => directory.lookup(good.id)?.name, soon).toBe('Good');
  });
});

describe('dialing rules', () => {
  it('are a phone system’s own set, else its country’s, live', async () => {
    const { pbxs, ruleSets } = repositories();
    const own = await newLookup();
    const mine = await pbxs.create(
      { ...pbx, id: newId(), accountId, defaultExtensionLookupId: own.id },
      randomBytes(32),
    );
    expect(directory.dialingRules(mine)).toEqual(defaultDialingRules('DE'));
    const rules = { ...defaultDialingRules('DE'), outsidePrefixes: '0' };
    const set = await ruleSets.create({ accountId, name: 'Outside line 0', rules });
    const using = await pbxs.update({ id: mine.id, accountId, dialingRulesId: set.id });
    expect(using).toMatchObject({ dialingRulesId: set.id, version: 2, fallbackExtension: pbx.fallbackExtension });
    await expect.poll(() => directory.dialingRules(using), soon).toEqual(rules);
    await ruleSets.update({ ...set, rules: { ...rules, ddiDigits: 0 } });
    await expect.poll(() => directory.dialingRules(using).ddiDigits, soon).toBe(0);
    expect(await ruleSets.remove(accountId, set.id)).toBe('in-use');
    await pbxs.update({ id: mine.id, accountId, dialingRulesId: undefined });
    expect(await ruleSets.remove(accountId, set.id)).toBe('removed');
    expect(await ruleSets.list(accountId)).toEqual([]);
    expect(await ruleSets.update(set)).toBeUndefined();
  });
});

describe('extensions', () => {
  const [anna, ben] = [
    { userId: '005A0000000AAAAIA2', userName: 'Anna Berg' },
    { userId: '005A0000000BBBBIA2', userName: 'Ben Kurz' },
  ];

  it('are known at once by user, the primary one of several', async () => {
    const { extensions } = repositories();
    await extensions.rewrite(accountId, () => [
      { ...anna, extension: '201', isPrimary: false, source: 'salesforce' },
      { ...anna, extension: '202', isPrimary: true, source: 'hand' },
      { ...ben, extension: '201', isPrimary: true, source: 'import' },
    ]);
    await expect.poll(() => directory.extensions(accountId).ofUser(anna.userId), soon).toBe('202');
    expect(directory.extensions(randomUUID()).ofUser(anna.userId)).toBeUndefined();
    expect((await extensions.list(accountId)).map(({ extension }) => extension)).toEqual(['202', '201', '201']);
    await extensions.setOfUser(accountId, anna, [{ extension: '299', isPrimary: true, source: 'hand' }]);
    await expect.poll(() => directory.extensions(accountId).ofUser(anna.userId), soon).toBe('299');
    await extensions.setOfUser(accountId, ben, []);
    await expect.poll(() => directory.extensions(accountId).ofUser(ben.userId), soon).toBeUndefined();
  });

  it('are changed by one after the other, each from what is there', async () => {
    const { extensions } = repositories();
    const users = Array.from({ length: 8 }, (_, index) => ({
      userId: `005A0000000${String(index).padStart(4, '0')}IAA`,
      userName: `User ${index}`,
    }));
    await Promise.all([
      ...users.map((user) =>
        extensions.rewrite(accountId, (known) => [
          ...known,
          { ...user, extension: '201', isPrimary: true, source: 'import' },
        ]),
      ),
      extensions.setOfUser(accountId, anna, [{ extension: '202', isPrimary: true, source: 'hand' }]),
    ]);
    expect((await extensions.list(accountId)).map(({ userName }) => userName)).toEqual([
      anna.userName,
      ...users.map(({ userName }) => userName),
    ]);
  });

  it('have one primary for each user, or nothing is written', async () => {
    const { extensions } = repositories();
    const twice = ['201', '202'].map((extension) => ({ extension, isPrimary: true, source: 'hand' as const }));
    await expect(extensions.setOfUser(accountId, anna, twice)).rejects.toThrow();
    expect(await extensions.list(accountId)).toEqual([]);
  });
});

describe('phone systems', () => {
  it('keep limits, token addresses and a secret from elsewhere', async () => {
    const { pbxs } = repositories();
    const own = await newLookup();
    const mine = await pbxs.create(
      { ...pbx, id: newId(), accountId, defaultExtensionLookupId: own.id },
      randomBytes(32),
    );
    const limits = { perSecond: 5, burst: 6, inFlight: 7 };
    expect(await pbxs.update({ id: mine.id, accountId, limits })).toMatchObject({ limits, name: mine.name });
    const id = randomUUID();
    const token = await pbxs.createToken({
      id,
      pbxId: mine.id,
      name: 'Kamailio',
      expiresAtMs: undefined,
      allowedAddresses: ['10.0.0.0/8'],
    });
    expect(token.allowedAddresses).toEqual(['10.0.0.0/8']);
    await expect.poll(() => directory.token(id)?.allowedAddresses, soon).toEqual(['10.0.0.0/8']);
    const secret = randomBytes(32);
    await pbxs.setImportedSecret(mine, secret);
    expect(await pbxs.hasImportedSecret(mine.id)).toBe(true);
    await expect
      .poll(() => Buffer.from(directory.pbx(mine.id)?.importedSecret ?? []).toString('hex'), soon)
      .toBe(secret.toString('hex'));
    await expect(pbxs.setImportedSecret({ id: mine.id, accountId: randomUUID() }, secret)).rejects.toMatchObject({
      code: 'PBX_NOT_FOUND',
    });
    await pbxs.setImportedSecret(mine, undefined);
    await expect.poll(() => directory.pbx(mine.id)?.importedSecret, soon).toBeUndefined();
  });
});
