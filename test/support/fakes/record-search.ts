import type {
  FoundRecord,
  RecordOwner,
  RecordSearch,
  SalesforceFailure,
  SalesforceResult,
  SearchedObject,
} from '../../../src/ports.ts';

/**
 * Records in memory. `byValues` compares exactly and knows every record; `byDigits` knows those in `indexed`, under their digits and
 * the endings of these. It fails on demand: a call with `failure`, an object with `refused`.
 */
export class FakeRecordSearch implements RecordSearch {
  records: FoundRecord[] = [];
  /** Ids of records that the search index has taken in; undefined: all. */
  indexed: readonly string[] | undefined;
  users = new Map<string, RecordOwner>();
  /** What was asked, in order. */
  readonly calls: ('values' | 'digits' | 'user')[] = [];
  readonly failures: Partial<Record<'values' | 'digits' | 'user', SalesforceFailure>> = {};
  refused: { readonly object: string; readonly failure: SalesforceFailure }[] = [];

  readonly byValues: RecordSearch['byValues'] = async (objects, values) => {
    const wanted = new Set(values);
    return this.#answer('values', {
      records: this.#of(objects).filter((record) => searchedValues(record, objects).some((value) => wanted.has(value))),
      refused: this.refused.filter(({ object }) => objects.some((searched) => searched.object === object)),
    });
  };

  readonly byDigits: RecordSearch['byDigits'] = async (objects, digits) =>
    this.#answer('digits', {
      records: this.#of(objects).filter(
        (record) =>
          (this.indexed?.includes(record.id) ?? true) &&
          searchedValues(record, objects).some((value) =>
            digits.some((word) =>
              value
                .replace(/\s*x\d+$/, '')
                .replace(/\D/g, '')
                .endsWith(word),
            ),
          ),
      ),
      refused: [],
    });

  readonly user: RecordSearch['user'] = async (userId) => this.#answer('user', this.users.get(userId));

  #of(objects: readonly SearchedObject[]): FoundRecord[] {
    return this.records.filter(
      ({ object }) =>
        objects.some((searched) => searched.object === object) &&
        !this.refused.some((refusal) => refusal.object === object),
    );
  }

  #answer<T>(call: 'values' | 'digits' | 'user', value: T): SalesforceResult<T> {
    this.calls.push(call);
    const failure = this.failures[call];
    if (failure !== undefined) return { ok: false, failure };
    return { ok: true, value, apiUsage: { used: this.calls.length, max: 100 } };
  }
}

const searchedValues = (record: FoundRecord, objects: readonly SearchedObject[]): readonly string[] =>
  objects
    .filter(({ object }) => object === record.object)
    .flatMap(({ fields }) => fields.flatMap((field) => record.values[field] ?? []));
