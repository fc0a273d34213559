import { idOf } from './store.ts';

/** The org that has the well-known records. */
export const demoOrgId = '00DA0000000BhM2MAK';

const contact = (number: number) => idOf('003', demoOrgId, number);

/**
 * Records of ACME that the demo, the tests and the README rely on. `call` is the number a caller would come from; `extension` what the
 * default lookup answers, or null with the reason beside it.
 */
export const demoRecords = {
  /** One contact, stored in E.164. */
  direct: {
    id: contact(1),
    firstName: 'Mina',
    lastName: 'Morgenrot',
    phone: '+4975253099803',
    call: '+4975253099803',
    ownerExtension: '201',
  },
  /** Stored as people write it, with the trunk zero in parentheses. */
  otherNotation: {
    id: contact(2),
    firstName: 'Ottokar',
    lastName: 'Anderson-Abendroth',
    phone: '+49 (0)7525 43312',
    call: '+49752543312',
    ownerExtension: '202',
  },
  /** Three people on one number, with owners of their own; the one modified last decides. */
  shared: {
    phone: '+49 7525 431240',
    call: '+497525431240',
    people: [
      {
        id: contact(3),
        firstName: 'Selma',
        lastName: 'Dreiklang',
        ownerExtension: '203',
        modified: '2026-03-02T08:00:00.000+0000',
      },
      {
        id: contact(4),
        firstName: 'Sixten',
        lastName: 'Dreiklang',
        ownerExtension: '204',
        modified: '2026-05-06T09:30:00.000+0000',
      },
      {
        id: contact(5),
        firstName: 'Sanna',
        lastName: 'Dreiklang',
        ownerExtension: '205',
        modified: '2026-04-11T16:45:00.000+0000',
      },
    ],
    /** Of the one modified last. */
    winner: contact(4),
    ownerExtension: '204',
  },
  /** The owner has left the company. */
  ownerInactive: {
    id: contact(6),
    firstName: 'Ida',
    lastName: 'Waisenhold',
    phone: '07525/43316',
    call: '+49752543316',
  },
  /** The owner has no extension. */
  noExtension: {
    id: contact(7),
    firstName: 'Nele',
    lastName: 'Ohnewahl',
    phone: '+49752543317',
    call: '+49752543317',
  },
  /** In a phone field that the administrator added. */
  customField: {
    id: contact(8),
    firstName: 'Cosima',
    lastName: 'Feldmann-Flur',
    supportLine: '+49752543318',
    call: '+49752543318',
    ownerExtension: '206',
  },
  /** A lead that a queue owns. */
  queueLead: {
    id: idOf('00Q', demoOrgId, 1),
    firstName: 'Quentin',
    lastName: 'Wartesaal',
    company: 'Wartesaal & Töchter',
    phone: '0049 7525 43319',
    call: '+49752543319',
  },
  /** A person account: the account and its contact show the same number. */
  person: {
    id: idOf('001', demoOrgId, 2),
    contactId: contact(9),
    firstName: 'Petra',
    lastName: 'Einzeln',
    mobile: '+49 176 04069099',
    call: '+4917604069099',
    ownerExtension: '207',
  },
  /** No record has this number. */
  unknown: { call: '+49752543399' },
} as const;
