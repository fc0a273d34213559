import { withoutFields } from '../domain/answer.ts';
import type { AskedLookup, Finding } from '../domain/lookup.ts';
import type { LookupTrace } from '../domain/lookup-trace.ts';
import type { Sealer } from '../ports.ts';

/*
 * What is personal about a lookup travels through Temporal sealed, bound to its run: what was asked, and whose extension and
 * record were found.
 */

export type AskedQuestion = Pick<AskedLookup, 'question' | 'number'>;

/** What `LookupOutcome` keeps sealed. */
export interface LookupDetail {
  /** The extension that the phone system was told. */
  readonly extension: string | undefined;
  /** How many fields it was told; absent where it asked for an extension. */
  readonly fields?: number | undefined;
  readonly finding: Finding | undefined;
  /** How it was found, where the workflow asked for it. */
  readonly trace?: LookupTrace | undefined;
}

const questionContext = (runId: string) => `lookup question ${runId}`;
const detailContext = (runId: string) => `lookup detail ${runId}`;

export const sealQuestion = (sealer: Pick<Sealer, 'seal'>, runId: string, question: AskedQuestion): string =>
  sealer.seal(JSON.stringify(question), questionContext(runId));

export const openQuestion = (sealer: Pick<Sealer, 'open'>, runId: string, sealed: string): AskedQuestion =>
  JSON.parse(sealer.open(sealed, questionContext(runId))) as AskedQuestion;

export function sealDetail(sealer: Pick<Sealer, 'seal'>, runId: string, detail: LookupDetail): string {
  const { finding } = detail;
  return sealer.seal(JSON.stringify({ ...detail, finding: finding && withoutFields(finding) }), detailContext(runId));
}

export const openDetail = (sealer: Pick<Sealer, 'open'>, runId: string, sealed: string): LookupDetail =>
  JSON.parse(sealer.open(sealed, detailContext(runId))) as LookupDetail;
