import { toDatetime } from './dates.ts';
import { firstNames, lastNames } from './names.ts';
import { at, notation } from './phone-notations.ts';
import type { Field } from './schema.ts';
import type { Seeded } from './seed.ts';
import { idOf, numberOfId, type GrownRows, type Row } from './store.ts';

/** Ids of grown contacts begin far above those that are counted up one by one. */
const firstNumber = 1_000_000_000;

/** Dial-in numbers behind the fictional German ones: `<area> <range> <six digits>`. */
const ranges = ['30 23125', '89 99998', '221 4710', '40 66969', '69 90009'].map((range) => {
  const [area = '', local = ''] = range.split(' ');
  return { area, local };
});
const phonePattern =
  /^(?:00)?(?:49)?0?(30(?=23125)|89(?=99998)|221(?=4710)|40(?=66969)|69(?=90009))(23125|99998|4710|66969|90009)(\d{6})/;
const suffixDigits = 6;
export const mostGrown = ranges.length * 10 ** suffixDigits;

const nothing: readonly Row[] = [];

/**
 * A great many contacts that take no memory: each is worked out from its number, and so is every index, since number, name, mail address,
 * account and owner can be computed back to the contact's number. A million of them start at once and do not burden the garbage collector
 * of a process that is measured.
 */
export class GrownContacts implements GrownRows {
  readonly #count: number;
  readonly #orgId: string;
  readonly #seeded: Seeded;
  readonly #hidden = new Set<number>();

  constructor(count: number, orgId: string, seeded: Seeded) {
    this.#count = Math.min(count, mostGrown);
    this.#orgId = orgId;
    this.#seeded = seeded;
  }

  get size(): number {
    return this.#count - this.#hidden.size;
  }

  get(id: string): Row | undefined {
    if (!id.startsWith('003')) return undefined;
    const number = numberOfId(id) - firstNumber;
    const row = this.#row(number);
    return row?.Id === id ? row : undefined;
  }

  hide(id: string): void {
    const number = numberOfId(id) - firstNumber;
    if (number >= 0 && number < this.#count) this.#hidden.add(number);
  }

  *all(): Iterable<Row> {
    for (let number = 0; number < this.#count; number++) {
      const row = this.#row(number);
      if (row !== undefined) yield row;
    }
  }

  lookup(field: Field, key: string): readonly Row[] | undefined {
    switch (field.name) {
      case 'Phone':
      case 'MobilePhone': {
        const row = this.withPhone(key);
        return row !== undefined && String(row[field.name] ?? '').toLowerCase() === key ? [row] : nothing;
      }
      case 'Email': {
        const row = this.#row(Number(/\.(\d+)@grown\.example$/.exec(key)?.[1] ?? NaN));
        return row?.['Email'] === key ? [row] : nothing;
      }
      case 'AccountId':
        return this.#every(this.#seeded.accountIds, key);
      case 'OwnerId':
        return this.#every(this.#seeded.ownerIds, key);
      case 'Name':
      case 'CreatedById':
      case 'LastModifiedById':
        return undefined;
      default:
        return nothing;
    }
  }

  /** The contact whose number these digits are, however they are written. */
  withPhone(text: string): Row | undefined {
    const match = phonePattern.exec(text.replace(/\D/g, ''));
    if (match === null) return undefined;
    const range = ranges.findIndex(({ area, local }) => area === match[1] && local === match[2]);
    return range < 0 ? undefined : this.#row(Number(match[3]) * ranges.length + range);
  }

  /** Contacts one of whose names passes a test, at most so many. */
  withName(test: (name: string) => boolean, limit: number): readonly Row[] {
    const found: Row[] = [];
    const first = firstNames.map(test);
    const last = lastNames.map(test);
    if (!first.includes(true) && !last.includes(true)) return found;
    for (let number = 0; number < this.#count && found.length < limit; number++) {
      if (!at(first, number) && !at(last, Math.floor(number / first.length))) continue;
      const row = this.#row(number);
      if (row !== undefined) found.push(row);
    }
    return found;
  }

  /** Those that refer to one id of a list which goes round. */
  #every(ids: readonly string[], id: string): readonly Row[] {
    const start = ids.indexOf(id);
    const found: Row[] = [];
    for (let number = start; start >= 0 && number < this.#count; number += ids.length) {
      const row = this.#row(number);
      if (row !== undefined) found.push(row);
    }
    return found;
  }

  #row(number: number): Row | undefined {
    if (!Number.isInteger(number) || number < 0 || number >= this.#count || this.#hidden.has(number)) return undefined;
    const range = at(ranges, number);
    const suffix = String(Math.floor(number / ranges.length)).padStart(suffixDigits, '0');
    const first = at(firstNames, number);
    const last = at(lastNames, Math.floor(number / firstNames.length));
    const phone = notation({ country: '49', trunk: '0', area: range.area, local: range.local + suffix }, number);
    const modified = toDatetime(Date.UTC(2024, 0, 1) + (number % 700_000) * 100_000);
    return {
      Id: idOf('003', this.#orgId, firstNumber + number),
      FirstName: first,
      LastName: last,
      Name: `${first} ${last}`,
      AccountId: at(this.#seeded.accountIds, number),
      OwnerId: at(this.#seeded.ownerIds, number),
      [number % 4 === 3 ? 'MobilePhone' : 'Phone']: phone,
      Email: `contact.${number}@grown.example`,
      CreatedDate: '2024-01-01T00:00:00.000+0000',
      LastModifiedDate: modified,
      SystemModstamp: modified,
    };
  }
}
