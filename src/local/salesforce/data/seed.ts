import { toDatetime } from './dates.ts';
import { complete, personFields } from './complete.ts';
import { demoOrgId, demoRecords } from './demo-records.ts';
import { cities, companyForms, companyKinds, companyWords, firstNames, lastNames, subjects, titles } from './names.ts';
import { at, fictionalNumbers, notation } from './phone-notations.ts';
import { profileIdOfUser, standardProfileId } from './rights.ts';
import type { Value } from './schema.ts';
import type { StoredTable } from './store.ts';
import type { Org } from '../types.ts';

/** How many of each an org starts with. */
const counts = { agents: 30, accounts: 200, contacts: 1_000, leads: 200, cases: 100, opportunities: 60 } as const;

/** The seed's own present, so that it is the same whenever it is made. */
const seededAt = Date.UTC(2026, 5, 30, 12);
const dayMs = 86_400_000;

/** A small generator of pseudo-random numbers (mulberry32): the same seed, the same org. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function hash(text: string): number {
  let sum = 7;
  for (let index = 0; index < text.length; index++) sum = (Math.imul(sum, 31) + text.charCodeAt(index)) | 0;
  return sum;
}

/** Ids that grown contacts hang on. */
export interface Seeded {
  readonly accountIds: readonly string[];
  readonly ownerIds: readonly string[];
}

/** Fills the tables of an org: users, queues, accounts, contacts in every notation, leads, cases, opportunities. */
export function seedOrg(org: Omit<Org, 'records'>, table: (object: string) => StoredTable): Seeded {
  const next = random(hash(org.id));
  const pick = <T>(list: readonly T[]): T => at(list, Math.floor(next() * list.length));
  const numbers = fictionalNumbers();
  const isDemo = org.id === demoOrgId;
  const administrator = org.users[0]?.id ?? '';

  function add(object: string, values: Readonly<Record<string, Value>>): string {
    const target = table(object);
    const id = target.newId();
    const created = seededAt - Math.floor((60 + next() * 900) * dayMs);
    const modified = created + Math.floor(next() * (seededAt - created));
    const stamp = (ms: number) => toDatetime(Math.floor(ms / 1_000) * 1_000);
    target.put(
      complete(object, {
        CreatedDate: stamp(created),
        CreatedById: administrator,
        LastModifiedDate: stamp(modified),
        LastModifiedById: administrator,
        SystemModstamp: stamp(modified),
        ...values,
        Id: id,
      }),
    );
    return id;
  }

  let spellings = 0;
  const newNumber = (): string => {
    const { value: number, done } = numbers.next();
    if (done === true) throw new Error('The fictional numbers are used up');
    return notation(number, spellings++);
  };
  const mail = (first: string, last: string, host: string) =>
    `${first}.${last}@${host}.example`
      .normalize('NFD')
      .replace(/[^\w.@-]/g, '')
      .toLowerCase();

  // Users: those who can sign in, and agents with extensions; two without one, two who have left.
  for (const user of org.users) {
    table('User').put(
      complete('User', {
        Id: user.id,
        Username: user.username,
        FirstName: user.firstName,
        LastName: user.lastName,
        Email: user.email,
        Alias: user.username.slice(0, 8),
        Extension: user.extension,
        IsActive: user.active,
        UserType: user.userType,
        ProfileId: profileIdOfUser(user),
        CreatedDate: toDatetime(seededAt - 900 * dayMs),
        LastModifiedDate: toDatetime(seededAt - 90 * dayMs),
        SystemModstamp: toDatetime(seededAt - 90 * dayMs),
      }),
    );
  }
  const firstExtension = Number(org.users[0]?.extension ?? '100') + 1;
  const agents: string[] = [];
  for (let index = 0; index < counts.agents; index++) {
    const [first, last] = [at(firstNames, index * 7 + 3), at(lastNames, index * 5 + 1)];
    agents.push(
      add('User', {
        Username: mail(first, last, org.name.toLowerCase()),
        FirstName: first,
        LastName: last,
        Email: mail(first, last, org.name.toLowerCase()),
        Alias: `agent${index + 1}`,
        Title: 'Agent',
        Extension: index < counts.agents - 4 || index >= counts.agents - 2 ? String(firstExtension + index) : null,
        IsActive: index < counts.agents - 2,
        UserType: 'Standard',
        ProfileId: standardProfileId,
      }),
    );
  }
  const [withoutExtension, inactive] = [at(agents, counts.agents - 4), at(agents, counts.agents - 2)];
  // One record in fifty belongs to somebody without an extension, or who has left.
  const owner = () =>
    next() < 0.02 ? pick([withoutExtension, inactive]) : at(agents, Math.floor(next() * (counts.agents - 4)));
  const byExtension = (extension: string) => at(agents, Number(extension) - firstExtension);
  const queues = ['Inbound Leads', 'First Level Support'].map((name) =>
    add('Group', { Name: name, DeveloperName: name.replaceAll(' ', '_'), Type: 'Queue' }),
  );
  const [leadQueue = '', caseQueue = ''] = queues;
  const businessType = add('RecordType', {
    Name: 'Business Account',
    DeveloperName: 'Business_Account',
    SobjectType: 'Account',
    IsActive: true,
  });
  const personType = add('RecordType', {
    Name: 'Person Account',
    DeveloperName: 'PersonAccount',
    SobjectType: 'Account',
    IsActive: true,
    IsPersonType: true,
  });

  const accountIds: string[] = [];
  const hosts: string[] = [];
  /** A person account is an account and a contact, which show the same. */
  function addPerson(values: Readonly<Record<string, Value>>): string {
    const account = add('Account', { ...values, RecordTypeId: personType });
    const contact = add('Contact', {
      ...Object.fromEntries(Object.entries(personFields).map(([from, to]) => [to, values[from] ?? null])),
      AccountId: account,
      IsPersonAccount: true,
    });
    const row = table('Account').get(account);
    if (row !== undefined) table('Account').put({ ...row, PersonContactId: contact });
    return account;
  }
  if (isDemo) addDemoRecords();
  else
    addPerson({ FirstName: 'Gunda', LastName: 'Alleinstein', PersonMobilePhone: '+49 171 3920098', OwnerId: owner() });

  const used = new Set<string>();
  while (accountIds.length < counts.accounts - 1) {
    const index = accountIds.length;
    const name = `${pick(companyWords)} ${pick(companyKinds)} ${pick(companyForms)}`;
    if (used.has(name)) continue;
    used.add(name);
    const [city, country] = pick(cities);
    hosts.push(
      name
        .toLowerCase()
        .replace(/[^a-z]+/g, '-')
        .replace(/-$/, ''),
    );
    accountIds.push(
      add('Account', {
        Name: name,
        RecordTypeId: businessType,
        Phone: newNumber(),
        Fax: index % 10 === 0 ? newNumber() : null,
        Website: `https://${at(hosts, index)}.example`,
        Industry: pick(['Construction', 'Electronics', 'Healthcare', 'Retail', 'Transportation']),
        Type: pick(['Prospect', 'Customer - Direct', 'Customer - Channel']),
        NumberOfEmployees: 5 + Math.floor(next() * 900),
        AnnualRevenue: Math.floor(next() * 500) * 10_000,
        BillingCity: city,
        BillingCountry: country,
        Customer_Number__c: `C-${10_000 + index}`,
        AccountNumber: String(70_000 + index),
        OwnerId: owner(),
      }),
    );
  }

  const contactIds: string[] = [];
  let lastPhone = '';
  for (let index = table('Contact').size; index < counts.contacts; index++) {
    const [first, last] = [pick(firstNames), pick(lastNames)];
    const account = Math.floor(index / 5) % accountIds.length;
    // Colleagues sometimes share the desk's number.
    const phone = index % 12 === 11 ? lastPhone : index % 9 === 8 ? null : newNumber();
    lastPhone = phone ?? lastPhone;
    contactIds.push(
      add('Contact', {
        FirstName: first,
        LastName: last,
        AccountId: at(accountIds, account),
        Title: pick(titles),
        Email: mail(first, last, at(hosts, account)),
        Phone: phone,
        MobilePhone: index % 3 === 0 ? newNumber() : null,
        HomePhone: index % 25 === 0 ? newNumber() : null,
        OtherPhone: index % 40 === 0 ? newNumber() : null,
        AssistantPhone: index % 50 === 0 ? newNumber() : null,
        Support_Line__c: index % 100 === 50 ? newNumber() : null,
        MailingCity: pick(cities)[0],
        OwnerId: owner(),
      }),
    );
  }

  for (let index = table('Lead').size; index < counts.leads; index++) {
    const [first, last] = [pick(firstNames), pick(lastNames)];
    const company = `${pick(companyWords)} ${pick(companyKinds)}`;
    const converted = index % 10 === 9;
    add('Lead', {
      FirstName: first,
      LastName: last,
      Company: company,
      Email: mail(first, last, company.toLowerCase().replace(/[^a-z]+/g, '-')),
      Phone: newNumber(),
      MobilePhone: index % 4 === 0 ? newNumber() : null,
      Status: converted ? 'Closed - Converted' : 'Open - Not Contacted',
      LeadSource: pick(['Web', 'Phone Inquiry', 'Partner Referral']),
      IsConverted: converted,
      ConvertedDate: converted ? '2026-05-04' : null,
      ConvertedAccountId: converted ? at(accountIds, index) : null,
      ConvertedContactId: converted ? at(contactIds, index) : null,
      OwnerId: index % 8 === 7 ? leadQueue : owner(),
    });
  }
  for (let index = 0; index < counts.cases; index++) {
    const contact = table('Contact').get(at(contactIds, index * 9));
    add('Case', {
      CaseNumber: String(index + 1_001).padStart(8, '0'),
      Subject: pick(subjects),
      Status: pick(['New', 'Working', 'Escalated', 'Closed']),
      Priority: pick(['High', 'Medium', 'Low']),
      Origin: pick(['Phone', 'Email', 'Web']),
      ContactId: contact?.Id ?? null,
      AccountId: contact?.['AccountId'] ?? null,
      SuppliedPhone: index % 5 === 0 ? newNumber() : null,
      OwnerId: index % 6 === 5 ? caseQueue : owner(),
    });
  }
  for (let index = 0; index < counts.opportunities; index++) {
    add('Opportunity', {
      Name: `${at(companyKinds, index)} order ${index + 1}`,
      AccountId: at(accountIds, index * 3),
      StageName: pick(['Prospecting', 'Qualification', 'Negotiation', 'Closed Won']),
      CloseDate: `2026-${String(7 + (index % 6)).padStart(2, '0')}-15`,
      Amount: 1_000 + Math.floor(next() * 90) * 500,
      OwnerId: owner(),
    });
  }
  for (let index = 0; index < 10; index++) {
    add('Support_Contract__c', {
      Name: `Contract ${index + 1}`,
      Account__c: at(accountIds, index),
      Contract_Number__c: `SC-${500 + index}`,
      Hotline__c: newNumber(),
      Agent__c: at(agents, index),
      OwnerId: owner(),
    });
  }
  return { accountIds, ownerIds: agents.slice(0, counts.agents - 4) };

  function addDemoRecords(): void {
    const account = add('Account', {
      Name: 'Morgenrot & Abendroth KG',
      Phone: '+49 7525 43310',
      RecordTypeId: businessType,
      OwnerId: byExtension('201'),
    });
    const { direct, otherNotation, shared, ownerInactive, noExtension, customField, queueLead, person } = demoRecords;
    const addContact = (person: { firstName: string; lastName: string }, fields: Readonly<Record<string, Value>>) =>
      add('Contact', { FirstName: person.firstName, LastName: person.lastName, AccountId: account, ...fields });
    addContact(direct, { Phone: direct.phone, OwnerId: byExtension(direct.ownerExtension) });
    addContact(otherNotation, { Phone: otherNotation.phone, OwnerId: byExtension(otherNotation.ownerExtension) });
    for (const each of shared.people) {
      addContact(each, {
        Phone: shared.phone,
        OwnerId: byExtension(each.ownerExtension),
        CreatedDate: '2025-01-15T10:00:00.000+0000',
        LastModifiedDate: each.modified,
        SystemModstamp: each.modified,
      });
    }
    addContact(ownerInactive, { Phone: ownerInactive.phone, OwnerId: inactive });
    addContact(noExtension, { Phone: noExtension.phone, OwnerId: withoutExtension });
    addContact(customField, {
      Support_Line__c: customField.supportLine,
      OwnerId: byExtension(customField.ownerExtension),
    });
    add('Lead', {
      FirstName: queueLead.firstName,
      LastName: queueLead.lastName,
      Company: queueLead.company,
      Phone: queueLead.phone,
      Status: 'Open - Not Contacted',
      OwnerId: leadQueue,
    });
    addPerson({
      FirstName: person.firstName,
      LastName: person.lastName,
      PersonMobilePhone: person.mobile,
      OwnerId: byExtension(person.ownerExtension),
    });
  }
}
