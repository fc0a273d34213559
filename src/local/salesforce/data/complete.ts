import type { Value } from './schema.ts';
import type { Row } from './store.ts';

type Values = Readonly<Record<string, Value>>;

const named = (row: Values): string => [row['FirstName'], row['LastName']].filter(Boolean).join(' ');

/** The fields of a record that the platform works out when it is saved, by object. */
const rules: Readonly<Record<string, (row: Values) => Values>> = {
  Contact: (row) => ({ Name: named(row) }),
  Lead: (row) => ({ Name: named(row) }),
  User: (row) => ({ Name: named(row) }),
  // An account with a last name is a person.
  Account: (row) => (row['LastName'] ? { Name: named(row), IsPersonAccount: true } : { IsPersonAccount: false }),
  Case: (row) => {
    const closed = row['Status'] === 'Closed';
    return { IsClosed: closed, ClosedDate: closed ? (row['ClosedDate'] ?? row['LastModifiedDate'] ?? null) : null };
  },
  Opportunity: (row) => ({
    IsClosed: row['StageName'] === 'Closed Won' || row['StageName'] === 'Closed Lost',
    IsWon: row['StageName'] === 'Closed Won',
  }),
  Task: (row) => {
    const closed = row['Status'] === 'Completed';
    return {
      IsClosed: closed,
      CompletedDateTime: closed ? (row['CompletedDateTime'] ?? row['LastModifiedDate'] ?? null) : null,
    };
  },
  Event: (row) => completeEvent(row),
};

/** Start with either end or duration; the other follows. */
function completeEvent(row: Values): Values {
  const start = row['StartDateTime'] ?? row['ActivityDateTime'];
  if (typeof start !== 'string') return {};
  const startMs = Date.parse(start.replace('+0000', 'Z'));
  const common = { StartDateTime: start, ActivityDateTime: start, ActivityDate: start.slice(0, 10) };
  const minutes = row['DurationInMinutes'];
  const end = row['EndDateTime'];
  if (typeof end === 'string') {
    return { ...common, DurationInMinutes: Math.round((Date.parse(end.replace('+0000', 'Z')) - startMs) / 60_000) };
  }
  if (typeof minutes !== 'number') return common;
  return { ...common, EndDateTime: new Date(startMs + minutes * 60_000).toISOString().replace('Z', '+0000') };
}

/** A record as it is kept: computed fields set, empty ones left out. */
export function complete(object: string, row: Row): Row {
  const computed = rules[object]?.(row);
  const kept: Record<string, Value> = {};
  for (const [name, value] of Object.entries(computed === undefined ? row : { ...row, ...computed })) {
    if (value !== null && value !== '') kept[name] = value;
  }
  return { ...kept, Id: row.Id };
}

/** Fields of a person account that its contact shows under other names; the platform keeps both sides equal. */
export const personFields: Readonly<Record<string, string>> = {
  FirstName: 'FirstName',
  LastName: 'LastName',
  Salutation: 'Salutation',
  Phone: 'Phone',
  Fax: 'Fax',
  PersonMobilePhone: 'MobilePhone',
  PersonHomePhone: 'HomePhone',
  PersonOtherPhone: 'OtherPhone',
  PersonAssistantPhone: 'AssistantPhone',
  PersonEmail: 'Email',
  OwnerId: 'OwnerId',
};
