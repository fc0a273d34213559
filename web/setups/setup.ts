import type { Pbx } from '../../src/domain/lookup.ts';

/** What a set-up is filled in with. All of it is plain enough to stand in an address, a script or a quoted text as it is. */
export interface SetupValues {
  readonly publicUrl: string;
  readonly pbxId: string;
  readonly orgId: string;
  /** A token just made, else words that say where it belongs. */
  readonly token: string;
  readonly callerId: string;
  readonly deadlineMs: number;
  /** Names of the fields that the default data lookup tells. */
  readonly fields: readonly string[];
}

export interface SetupFile {
  readonly name: string;
  readonly mediaType: string;
  readonly text: string;
}

/** How a client is set up: one or more files to be pasted or imported. */
export type Setup = (values: SetupValues) => readonly SetupFile[];

export const tokenPlaceholder = 'PASTE-YOUR-TOKEN-HERE';
export const orgIdPlaceholder = 'PASTE-YOUR-ORG-ID-HERE';

/** Of a service, without parameters. */
export const serviceUrl = (
  { publicUrl, pbxId, orgId }: Pick<SetupValues, 'publicUrl' | 'pbxId' | 'orgId'>,
  service: 'ExtNo' | 'DataLookup',
): string => `${publicUrl}/api/${service}/${pbxId}${orgId}/`;

/** How long a client waits, in whole seconds: always longer than the deadline, so that it hears the answer. */
export const patienceSeconds = ({ deadlineMs }: Pick<Pbx, 'deadlineMs'>): number => Math.ceil(deadlineMs / 1_000) + 1;
