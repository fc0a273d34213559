import { pbxNameMaxLength } from '../../src/domain/pbx-settings.ts';
import { readName } from '../../src/domain/names.ts';
import { readAddresses } from '../../src/use-cases/allowed-addresses.ts';
import type { PbxTokenSettings } from '../../src/use-cases/create-pbx-token.ts';
import { readLocalTime } from './local-times.ts';

/** The form for a new token as it is sent; what is empty does not limit it. */
export type PbxTokenForm = Readonly<Record<PbxTokenField, string>>;
export type PbxTokenField = 'tokenName' | 'tokenExpires' | 'tokenAddresses';

export const blankTokenForm: PbxTokenForm = { tokenName: '', tokenExpires: '', tokenAddresses: '' };

/** Each question asks all of them. */
export const tokenAddressesMax = 50;

/** Reads the form; `timeZone` is that of the clock on which the expiry was chosen. Faulty fields are named. */
export function readPbxTokenForm(
  form: PbxTokenForm,
  { defaultName, nowMs, timeZone }: { defaultName: string; nowMs: number; timeZone: string },
): { ok: true; token: PbxTokenSettings } | { ok: false; faults: readonly PbxTokenField[] } {
  const name = form.tokenName.trim() === '' ? defaultName : readName(form.tokenName, pbxNameMaxLength);
  const expires = form.tokenExpires.trim();
  const expiresAtMs = expires === '' ? undefined : readLocalTime(expires, timeZone);
  const allowedAddresses = readAddresses(form.tokenAddresses);
  const faults: PbxTokenField[] = [];
  if (name === undefined) faults.push('tokenName');
  if (expires !== '' && (expiresAtMs === undefined || expiresAtMs <= nowMs)) faults.push('tokenExpires');
  if (allowedAddresses === undefined || allowedAddresses.length > tokenAddressesMax) faults.push('tokenAddresses');
  if (faults.length > 0 || name === undefined || allowedAddresses === undefined) return { ok: false, faults };
  return { ok: true, token: { name, expiresAtMs, allowedAddresses } };
}
