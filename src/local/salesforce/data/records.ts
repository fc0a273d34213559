import { to18 } from '../ids.ts';
import type { Clock, CreateRecords, Org, OrgRecords, RecordsOptions, SObjectRecord, User } from '../types.ts';
import { complete, personFields } from './complete.ts';
import { toDatetime } from './dates.ts';
import { SalesforceError } from './errors.ts';
import { GrownContacts } from './grown.ts';
import { permissionAccessOf, profileIdOfUser, recordAccess, rightsOf, tokenRowsOf, type Rights } from './rights.ts';
import { sobjectNamed, sobjectOfId, sobjects, type SObject, type Value } from './schema.ts';
import { seedOrg } from './seed.ts';
import type { Searchable } from './sosl/search.ts';
import { SearchIndex } from './sosl/search-index.ts';
import { fieldGetter, type Database } from './soql/fields.ts';
import { DerivedTable, StoredTable, type Row, type Table, type TableSnapshot } from './store.ts';

type Values = Readonly<Record<string, unknown>>;

/** Rows kept by number of contacts that the seed has of itself; growth comes on top. */
const seededContacts = 1_000;
const mostFound = 2_000;

/** The records of one org: stored, derived from users and policies, or grown. */
export class Records implements OrgRecords, Searchable {
  readonly #org: Omit<Org, 'records'>;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #tables = new Map<SObject, StoredTable>();
  readonly #indexes = new Map<SObject, SearchIndex>();
  readonly #grown: GrownContacts | undefined;
  /** How to take back what was changed since a transaction began; undefined outside of one. */
  #undo: (() => void)[] | undefined;
  #rights: { readonly facts: readonly unknown[]; readonly rows: Rights } | undefined;

  constructor({ org, clock, contacts, snapshot, onChange }: RecordsOptions) {
    this.#org = org;
    this.#clock = clock;
    this.#onChange = onChange;
    for (const object of sobjects.values()) {
      if (!object.derived) this.#tables.set(object, new StoredTable(object, org.id));
      if (object.searchable) this.#indexes.set(object, new SearchIndex(object));
    }
    const seeded = seedOrg(org, (name) => this.#stored(sobjectNamed(name)));
    for (const [object, index] of this.#indexes) for (const row of this.#stored(object).all()) index.add(row);
    this.#grown =
      contacts === undefined || contacts <= seededContacts
        ? undefined
        : new GrownContacts(contacts - seededContacts, org.id, seeded);
    for (const [object, table] of this.#tables) table.endSeed(object.name === 'Contact' ? this.#grown : undefined);
    if (snapshot !== undefined) this.#restore(snapshot);
  }

  /** The org's records as a user may query them. */
  database(user: User): Database {
    this.#syncUsers();
    return {
      user,
      table: (object) => this.#table(object, user),
      recycled: (object) => this.#tables.get(object)?.recycled() ?? [],
    };
  }

  list(object: string): readonly SObjectRecord[] | undefined {
    const found = sobjects.get(object.toLowerCase());
    const [user] = this.#org.users;
    if (found === undefined || user === undefined) return undefined;
    const database = this.database(user);
    const getters = found.fields.map((field) => [field.name, fieldGetter(field)] as const);
    return [...database.table(found).all()].map((row) => ({
      ...Object.fromEntries(getters.map(([name, get]) => [name, get(row, database)])),
      Id: row.Id,
    }));
  }

  upsert(object: string, rows: readonly Values[]): readonly string[] | undefined {
    const found = sobjects.get(object.toLowerCase());
    if (found === undefined || found.derived) return undefined;
    return rows.map((given) => {
      const values: Record<string, Value> = {};
      for (const [name, value] of Object.entries(given)) {
        const field = found.fieldsByName.get(name.toLowerCase());
        if (field === undefined) {
          throw new SalesforceError(400, 'INVALID_FIELD', `No such column '${name}' on sobject of type ${found.name}`);
        }
        values[field.name] = value as Value;
      }
      const { Id: id, ...rest } = values;
      return typeof id === 'string' && this.#stored(found).get(to18(id)) !== undefined
        ? this.update(found, to18(id), rest, this.#org.users[0])
        : this.create(found, rest, this.#org.users[0], typeof id === 'string' ? to18(id) : undefined);
    });
  }

  remove(ids: readonly string[]): number {
    let removed = 0;
    for (const id of ids) if (this.delete(to18(id))) removed++;
    return removed;
  }

  /** Stores a new record; values are checked by the caller. Answers its id. */
  create(object: SObject, values: Readonly<Record<string, Value>>, by: User | undefined, givenId?: string): string {
    const table = this.#stored(object);
    const id = givenId ?? table.newId();
    const stamp = this.#stamp();
    const defaults = Object.fromEntries(
      object.fields.filter((field) => field.defaultValue !== null).map((field) => [field.name, field.defaultValue]),
    );
    const number: Record<string, Value> =
      object.name === 'Case' ? { CaseNumber: String(table.nextNumber + 999).padStart(8, '0') } : {};
    this.#save(object, {
      ...defaults,
      ...number,
      ...(object.fieldsByName.has('ownerid') ? { OwnerId: by?.id ?? null } : {}),
      CreatedDate: stamp,
      CreatedById: by?.id ?? null,
      LastModifiedDate: stamp,
      LastModifiedById: by?.id ?? null,
      SystemModstamp: stamp,
      ...values,
      Id: id,
    });
    return id;
  }

  /** Changes a record that is there. */
  update(object: SObject, id: string, values: Readonly<Record<string, Value>>, by: User | undefined): string {
    const before = this.#stored(object).get(id);
    if (before === undefined) throw new Error(`There is no ${object.name} ${id} to change`);
    const stamp = this.#stamp();
    this.#save(object, {
      ...before,
      LastModifiedDate: stamp,
      LastModifiedById: by?.id ?? null,
      SystemModstamp: stamp,
      ...values,
      Id: id,
    });
    return id;
  }

  /** Whether there was a record to delete. A person account and its contact go together. */
  delete(id: string): boolean {
    const object = sobjectOfId(id);
    const table = object === undefined ? undefined : this.#tables.get(object);
    if (object !== undefined && table !== undefined) this.#remember(object, table, id);
    const row = table?.remove(id);
    if (object === undefined || row === undefined) return false;
    this.#indexes.get(object)?.removed(id, this.#clock());
    const contact = row['PersonContactId'];
    if (typeof contact === 'string') this.delete(contact);
    this.#onChange();
    return true;
  }

  /** Changes that are made as one: `rollBack` takes all of them back. */
  transaction<Result>(act: (rollBack: () => void) => Result): Result {
    const undo: (() => void)[] = [];
    this.#undo = undo;
    try {
      return act(() => {
        for (const step of undo.toReversed()) step();
        this.#onChange();
      });
    } finally {
      this.#undo = undefined;
    }
  }

  /** Whether there was such a record until somebody deleted it. */
  isDeleted(id: string): boolean {
    const object = sobjectOfId(id);
    return object !== undefined && (this.#tables.get(object)?.isRecycled(id) ?? false);
  }

  snapshot(): unknown {
    const tables: Record<string, TableSnapshot> = {};
    for (const [object, table] of this.#tables) {
      const snapshot = table.snapshot();
      if (snapshot !== undefined) tables[object.name] = snapshot;
    }
    return { tables };
  }

  find(object: SObject, ...[group, term]: Parameters<SearchIndex['find']>): ReadonlySet<string> {
    const index = this.#indexes.get(object);
    if (index === undefined) return new Set();
    index.catchUp(this.#clock() - this.#org.policies.searchIndexDelayMs);
    const found = index.find(group, term);
    if (this.#grown === undefined || object.name !== 'Contact') return found;
    const rows: Row[] = [];
    if (group === 'PHONE' || group === 'ALL' || group === 'SIDEBAR') {
      const row = term.pattern === null ? this.#grown.withPhone(term.text) : undefined;
      if (row !== undefined) rows.push(row);
    }
    if (group !== 'PHONE' && group !== 'EMAIL') {
      const { text, pattern } = term;
      const test = (name: string) => (pattern === null ? name === text : pattern.test(name));
      rows.push(...this.#grown.withName((name) => test(name.toLowerCase()), mostFound));
    }
    return new Set([...found, ...rows.map((row) => row.Id)]);
  }

  everything(object: SObject): ReadonlySet<string> {
    return new Set([...this.#stored(object).all()].map((row) => row.Id));
  }

  #stored(object: SObject): StoredTable {
    const table = this.#tables.get(object);
    if (table === undefined) throw new Error(`${object.name} is not stored`);
    return table;
  }

  #table(object: SObject, user: User): Table {
    const stored = this.#tables.get(object);
    if (stored !== undefined) return stored;
    switch (object.name) {
      case 'UserPermissionAccess':
        return new DerivedTable(object, () => [permissionAccessOf(user)]);
      case 'OauthToken':
        return new DerivedTable(object, () => tokenRowsOf(this.#org, user));
      case 'UserRecordAccess':
        return this.#recordAccess(object, user);
      default:
        return new DerivedTable(object, () => this.#rightsNow()[object.name] ?? []);
    }
  }

  /** Answers only to a filter on records, as in Salesforce: every record that is there may be read and changed. */
  #recordAccess(object: SObject, user: User): Table {
    return {
      object,
      size: 0,
      get: () => undefined,
      all: () => {
        throw new SalesforceError(
          400,
          'MALFORMED_QUERY',
          'Can select only RecordId, Has*Access and MaxAccessLevel with a filter on UserId and RecordId.',
        );
      },
      lookup: (field, key) => {
        if (field.name !== 'RecordId') return undefined;
        const target = sobjectOfId(key);
        const exists = target !== undefined && this.#tables.get(target)?.get(key) !== undefined;
        return exists ? [recordAccess(user.id, key)] : [];
      },
    };
  }

  /** Puts a record in its place, with what follows from it. */
  #save(object: SObject, values: Row): void {
    const row = complete(object.name, values);
    const now = this.#clock();
    this.#put(object, row, now);
    if (object.name === 'User') this.#tellFrame(row);
    if (object.name === 'Account' && row['IsPersonAccount'] === true) this.#savePersonContact(object, row, now);
    this.#onChange();
  }

  #put(object: SObject, row: Row, now: number): void {
    const table = this.#stored(object);
    this.#remember(object, table, row.Id);
    table.put(row);
    this.#indexes.get(object)?.changed(row, now);
  }

  #remember(object: SObject, table: StoredTable, id: string): void {
    if (this.#undo === undefined) return;
    const restore = table.savepoint(id);
    this.#undo.push(() => {
      restore();
      const row = table.get(id);
      const index = this.#indexes.get(object);
      if (row === undefined) index?.removed(id, this.#clock());
      else index?.changed(row, this.#clock());
      if (object.name === 'User' && row !== undefined) this.#tellFrame(row);
    });
  }

  /** A person account's contact shows the same name and numbers. */
  #savePersonContact(object: SObject, account: Row, now: number): void {
    const contacts = sobjectNamed('Contact');
    const table = this.#stored(contacts);
    const known = account['PersonContactId'];
    const id = typeof known === 'string' ? known : table.newId();
    if (id !== known) this.#put(object, { ...account, PersonContactId: id }, now);
    const audit = ['CreatedDate', 'CreatedById', 'LastModifiedDate', 'LastModifiedById', 'SystemModstamp'];
    const shared = Object.entries(personFields).map(([from, to]) => [to, account[from] ?? null] as const);
    const values = {
      ...table.get(id),
      ...Object.fromEntries(audit.map((name) => [name, account[name] ?? null])),
      ...Object.fromEntries(shared),
      AccountId: account.Id,
      IsPersonAccount: true,
      Id: id,
    };
    this.#put(contacts, complete('Contact', values), now);
  }

  /** Whether a user is active is the frame's to know. */
  #tellFrame(row: Row): void {
    const user = this.#org.users.find((each) => each.id === row.Id);
    if (user !== undefined) user.active = row['IsActive'] === true;
  }

  /** Brings the User records of those who can sign in up to what the frame says of them. */
  #syncUsers(): void {
    const known = this.#rights;
    const rights = this.#rightsNow();
    if (known?.rows === rights) return;
    const table = this.#stored(sobjectNamed('User'));
    for (const user of this.#org.users) {
      const row = table.get(user.id);
      if (row === undefined) continue;
      table.put({ ...row, IsActive: user.active, ProfileId: profileIdOfUser(user) }, { derived: true });
    }
  }

  /** Rights are worked out again when anything that they follow from has changed. */
  #rightsNow(): Rights {
    const { packageLicense, permissionSetLicenses } = this.#org.policies;
    const facts = [
      packageLicense?.namespace,
      packageLicense?.status,
      packageLicense?.allowed,
      packageLicense?.expiresOn,
      permissionSetLicenses,
      ...this.#org.users.flatMap((user) => [user.active, user.frozen, user.licences, user.permissions]),
    ];
    const known = this.#rights;
    if (known?.facts.length === facts.length && facts.every((fact, index) => fact === known.facts[index])) {
      return known.rows;
    }
    const rows = rightsOf(this.#org);
    this.#rights = { facts, rows };
    return rows;
  }

  /** Salesforce keeps whole seconds. */
  #stamp(): string {
    return toDatetime(Math.floor(this.#clock() / 1_000) * 1_000);
  }

  #restore(snapshot: unknown): void {
    const tables = (snapshot as { tables?: Record<string, TableSnapshot> } | null)?.tables;
    if (typeof tables !== 'object') throw new Error('The stored records of the stand-in cannot be read');
    for (const [name, stored] of Object.entries(tables)) {
      const object = sobjects.get(name.toLowerCase());
      if (object === undefined) throw new Error(`The stored records of the stand-in name an unknown object, ${name}`);
      this.#stored(object).restore(stored);
      const index = this.#indexes.get(object);
      for (const row of stored.rows) index?.changed(row, 0);
      for (const id of stored.removed) index?.removed(id, 0);
    }
  }
}

export const createRecords: CreateRecords = (options) => new Records(options);

/** The records of an org that this half made. */
export function recordsOf(org: Org): Records {
  if (!(org.records instanceof Records)) throw new Error('The records of the org were not made by createRecords');
  return org.records;
}
