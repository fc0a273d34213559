import { beforeEach, describe, expect, it } from 'vitest';
import { toId18 } from '../../../src/domain/ids.ts';
import { createExtensionBook, type ExtensionBook } from '../../../src/use-cases/extension-book.ts';
import { readExtensionCsv, writeExtensionCsv } from '../../../src/use-cases/extension-csv.ts';
import { createFakeExtensions } from '../../support/fakes/extensions.ts';
import { accountId } from '../../support/fakes/lookups.ts';
import { createFakeOrg } from '../../support/fakes/org.ts';

const idOf = (id15: string) => toId18(id15) ?? '';
const anna = { id: idOf('005A0000000AAAA'), name: 'Anna Berg' };
const ben = { id: idOf('005A0000000BBBB'), name: 'Ben Kurz' };
const otherAnna = { id: idOf('005A0000000CCCC'), name: 'anna berg' };

let book: ExtensionBook;
let extensions = createFakeExtensions();
let fake = createFakeOrg();
beforeEach(() => {
  extensions = createFakeExtensions();
  fake = createFakeOrg();
  fake.org.users = [
    { ...anna, extension: '201; 202' },
    { ...ben, extension: undefined },
  ];
  book = createExtensionBook({ extensions, users: fake.users, askOrg: fake.askOrg });
});

const mapped = async () =>
  (await extensions.list(accountId)).map(
    ({ userName, extension, isPrimary, source }) => `${userName} ${extension}${isPrimary ? '*' : ''} ${source}`,
  );

describe('the extension map', () => {
  it('is filled from a field of the users, several in one, the first of them primary', async () => {
    expect(await book.fill(accountId, 'Extension')).toEqual({ ok: true, value: { filled: 2, refused: 0 } });
    expect(await mapped()).toEqual(['Anna Berg 201* salesforce', 'Anna Berg 202 salesforce']);
  });

  it('keeps what was typed when it is filled again, and what was typed as primary stays so', async () => {
    await book.fill(accountId, 'Extension');
    await book.set(accountId, { userId: anna.id, userName: anna.name }, [{ extension: '900', isPrimary: true }]);
    fake.org.users = [
      { ...anna, extension: '203 (mobile)' },
      { ...anna, extension: '204' },
    ];
    expect(await book.fill(accountId, 'Extension')).toMatchObject({ value: { filled: 1, refused: 1 } });
    expect(await mapped()).toEqual(['Anna Berg 900* hand', 'Anna Berg 204 salesforce']);
  });

  it('makes exactly one extension primary, and refuses what is none', async () => {
    const user = { userId: ben.id, userName: ben.name };
    await book.set(
      accountId,
      user,
      ['301', '302', '302'].map((extension) => ({ extension, isPrimary: false })),
    );
    expect(await mapped()).toEqual(['Ben Kurz 301* hand', 'Ben Kurz 302 hand']);
    expect(await book.set(accountId, user, [{ extension: '3 01', isPrimary: true }])).toBe(false);
    await book.set(accountId, user, []);
    expect(await mapped()).toEqual([]);
  });

  it('lists all users of the org, those without an extension too, and those who have left it', async () => {
    await book.fill(accountId, 'Extension');
    fake.org.users = [{ ...ben, extension: undefined }];
    const { users, unavailable } = await book.users(accountId);
    expect(unavailable).toBeUndefined();
    expect(users.map(({ userName, isInOrg, extensions: own }) => [userName, isInOrg, own.length])).toEqual([
      ['Anna Berg', false, 2],
      ['Ben Kurz', true, 0],
    ]);
    fake.org.isAway = true;
    expect(await book.users(accountId)).toMatchObject({
      users: [{ userName: 'Anna Berg', isInOrg: true }],
      unavailable: 'salesforce-unreachable',
    });
  });

  it('comes back from a file as it went into it', async () => {
    await book.fill(accountId, 'Extension');
    await book.set(accountId, { userId: ben.id, userName: ben.name }, [{ extension: '+4930123', isPrimary: true }]);
    const csv = await book.export(accountId);
    await book.set(accountId, { userId: ben.id, userName: ben.name }, []);
    expect(await book.import(accountId, csv)).toEqual({ ok: true, imported: 3 });
    expect(await mapped()).toEqual(['Anna Berg 201* import', 'Anna Berg 202 import', 'Ben Kurz +4930123* import']);
  });

  it('replaces only the users that a file names, and nothing when something in it is wrong', async () => {
    await book.fill(accountId, 'Extension');
    expect(await book.import(accountId, 'user_name,extension\nBen Kurz,301\nNobody,302\n')).toEqual({
      ok: false,
      faults: [{ line: 3, fault: 'user-unknown', value: 'Nobody' }],
    });
    expect(await book.import(accountId, 'user_name,extension\nBen Kurz,301\n')).toMatchObject({ imported: 1 });
    expect(await mapped()).toEqual(['Anna Berg 201* salesforce', 'Anna Berg 202 salesforce', 'Ben Kurz 301* import']);
  });
});

describe('what somebody changes while Salesforce is asked for the users', () => {
  /** Does it in the middle of the call. */
  const meanwhile = (change: () => Promise<unknown>) => {
    book = createExtensionBook({
      extensions,
      users: fake.users,
      askOrg: async (...asked) => {
        const outcome = await fake.askOrg(...asked);
        await change();
        return outcome;
      },
    });
  };
  const setByHand = (user: typeof anna, extension: string) => () =>
    extensions.setOfUser(accountId, { userId: user.id, userName: user.name }, [
      { extension, isPrimary: true, source: 'hand' },
    ]);

  it('stays when a file names others', async () => {
    await book.fill(accountId, 'Extension');
    meanwhile(setByHand(anna, '999'));
    expect(await book.import(accountId, 'user_name,extension\nBen Kurz,301\n')).toMatchObject({ imported: 1 });
    expect(await mapped()).toEqual(['Anna Berg 999* hand', 'Ben Kurz 301* import']);
  });

  it('stays when the map is filled', async () => {
    meanwhile(setByHand(ben, '888'));
    await book.fill(accountId, 'Extension');
    expect(await mapped()).toEqual(['Anna Berg 201* salesforce', 'Anna Berg 202 salesforce', 'Ben Kurz 888* hand']);
  });
});

describe('a file of extensions', () => {
  const users = [anna, ben];

  it.each([
    ['commas', 'user_id,extension\n005A0000000AAAA,201\n'],
    ['semicolons, a byte-order mark, quotes and other names', '\uFEFF"Extension";"User Name"\r\n"201";"Anna Berg"\r\n'],
    ['tabs', `EXTENSION\tUSER-ID\n201\t${anna.id}\n\n`],
  ])('is read with %s', (_, text) => {
    expect(readExtensionCsv(text, users)).toEqual({
      ok: true,
      extensions: [{ userId: anna.id, userName: anna.name, extension: '201', isPrimary: true, source: 'import' }],
    });
  });

  it('says in which line what is wrong', () => {
    const faultsOf = (text: string, among: readonly { id: string; name: string }[] = users) => {
      const read = readExtensionCsv(text, among);
      return read.ok ? [] : read.faults;
    };
    expect(faultsOf('user_name\nAnna Berg\n')).toMatchObject([{ fault: 'no-extension-column' }]);
    expect(faultsOf('extension\n201\n')).toMatchObject([{ fault: 'no-user-column' }]);
    expect(faultsOf('user_name,extension\n"Anna Berg,201\n')).toMatchObject([{ fault: 'unreadable' }]);
    expect(faultsOf('user_name,extension\nAnna Berg,2 01\n\nBen Kurz,\n')).toEqual([
      { line: 2, fault: 'extension-invalid', value: '2 01' },
      { line: 4, fault: 'extension-invalid', value: '' },
    ]);
    expect(faultsOf('user_name,extension\nAnna Berg,201\n', [anna, otherAnna])).toMatchObject([
      { fault: 'user-ambiguous' },
    ]);
  });

  it('gives a spreadsheet no formula to carry out', () => {
    const row = {
      id: 'x',
      accountId,
      userId: anna.id,
      userName: '=HYPERLINK("http://evil.example")',
      extension: '+201',
      isPrimary: true,
      source: 'hand',
    } as const;
    const csv = writeExtensionCsv([row]);
    expect(csv).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
    expect(readExtensionCsv(csv, [{ id: anna.id, name: row.userName }])).toMatchObject({
      extensions: [{ extension: '+201', userName: row.userName }],
    });
  });
});
