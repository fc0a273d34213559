import { filledIn } from '../../../src/domain/blank-digits.ts';
import type {
  AskedValues,
  FoundRecord,
  RecordQuestion,
  RecordSearch,
  RecordUser,
  SalesforceFailure,
  SalesforceResult,
} from '../../../src/ports.ts';

type Call = 'values' | 'digits' | 'user';

/**
 * Records in memory, without conditions. `byValues` compares exactly and knows every record; `byDigits` knows those in `indexed`, under
 * their digits and the endings of these. It fails on demand: a call with `failure`, an object with `refused`.
 */
export class FakeRecordSearch implements RecordSearch {
  records: FoundRecord[] = [];
  /** Ids of records that the search index has taken in; undefined: all. */
  indexed: readonly string[] | undefined;
  /** By id. */
  users = new Map<string, RecordUser>();
  readonly #namesakes = new Map<string, Extract<RecordUser, { kind: 'user' }>[]>();
  /** What was asked, in order. */
  readonly calls: Call[] = [];
  readonly asked: AskedValues[] = [];
  readonly failures: Partial<Record<Call, SalesforceFailure>> = {};
  refused: { readonly object: string; readonly failure: SalesforceFailure }[] = [];

  readonly byValues: RecordSearch['byValues'] = async (asked) => {
    this.asked.push(...asked);
    return this.#answer(
      'values',
      asked.map(({ question, values, digits }): SalesforceResult<readonly FoundRecord[]> => {
        const refusal = this.refused.find(({ object }) => object === question.object);
        if (refusal) return { ok: false, failure: refusal.failure };
        const wanted = new Set(
          values.map((value) => (digits === undefined ? String(value) : filledIn(String(value), digits)).toLowerCase()),
        );
        const found = this.#of(question).filter((record) =>
          comparedValues(record, question).some((value) => wanted.has(value.toLowerCase())),
        );
        return { ok: true, value: found, apiUsage: undefined };
      }),
    );
  };

  readonly byDigits: RecordSearch['byDigits'] = async (questions, digits) =>
    this.#answer(
      'digits',
      questions.map((question) =>
        this.#of(question).filter(
          (record) =>
            (this.indexed?.includes(record.id) ?? true) &&
            comparedValues(record, question).some((value) =>
              digits.some((word) =>
                value
                  .replace(/\s*x\d+$/, '')
                  .replace(/\D/g, '')
                  .endsWith(word),
              ),
            ),
        ),
      ),
    );

  readonly user: RecordSearch['user'] = async (by) =>
    this.#answer('user', 'id' in by ? this.users.get(by.id) : this.#named(by.name));

  putUser(name: string, user: Extract<RecordUser, { kind: 'user' }>): void {
    this.users.set(user.id, user);
    this.#namesakes.set(name.toLowerCase(), [...(this.#namesakes.get(name.toLowerCase()) ?? []), user]);
  }

  #named(name: string): RecordUser | undefined {
    const all = this.#namesakes.get(name.toLowerCase()) ?? [];
    const active = all.filter(({ isActive }) => isActive);
    return active.length > 1 ? undefined : (active[0] ?? all[0]);
  }

  #of({ object }: RecordQuestion): FoundRecord[] {
    return this.records.filter((record) => record.object === object);
  }

  #answer<T>(call: Call, value: T): SalesforceResult<T> {
    this.calls.push(call);
    const failure = this.failures[call];
    if (failure !== undefined) return { ok: false, failure };
    return { ok: true, value, apiUsage: { used: this.calls.length, max: 100 } };
  }
}

const comparedValues = (record: FoundRecord, { fields }: RecordQuestion): readonly string[] =>
  fields.flatMap((field) => record.values[field] ?? []);
