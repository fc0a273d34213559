/** A Salesforce organisation id in its 18-character form, e.g. `00DA0000000BhM2MAK`. */
export type OrgId = string;
/** `47EC1B-B70D69-818AE6`: three groups of six upper-case hex digits. Lookup ids have the same form. */
export type PbxId = string;
export type LookupId = string;

const checksumAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/**
 * The 18-character form of a Salesforce id: each group of five characters gets one that tells which of them are upper case.
 * Undefined when the text is no id, or its own checksum does not fit (source: Salesforce, "Convert 15 digit Id to 18 digit Id").
 */
export function toId18(id: string): string | undefined {
  if (!/^(?:[A-Za-z0-9]{15}|[A-Za-z0-9]{18})$/.test(id)) return undefined;
  const id15 = id.slice(0, 15);
  let checksum = '';
  for (let group = 0; group < 15; group += 5) {
    let bits = 0;
    for (let k = 0; k < 5; k++) if (/[A-Z]/.test(id15.charAt(group + k))) bits |= 1 << k;
    checksum += checksumAlphabet.charAt(bits);
  }
  return id.length === 15 || id.slice(15).toUpperCase() === checksum ? id15 + checksum : undefined;
}

/** The 18-character org id, from 15 or 18 characters. Undefined when it is none. */
export function toOrgId(id: string): OrgId | undefined {
  return id.startsWith('00D') ? toId18(id) : undefined;
}

/** The canonical (upper-case) form of a PBX id or lookup id. Undefined when it is none. */
export function toTripletId(id: string): PbxId | undefined {
  const upper = id.toUpperCase();
  return /^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$/.test(upper) ? upper : undefined;
}

/** A new PBX or lookup id from nine random bytes. */
export function tripletId(random: Uint8Array): PbxId {
  const hex = Array.from(random.subarray(0, 9), (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  return `${hex.slice(0, 6)}-${hex.slice(6, 12)}-${hex.slice(12, 18)}`;
}

/** Splits the path segment `<PBXId><OrgId>` (20 + 15 or 18 characters, nothing between). Undefined when it has another form. */
export function splitPbxAndOrg(segment: string): { pbxId: PbxId; orgId: string } | undefined {
  const pbxId = toTripletId(segment.slice(0, 20));
  const orgId = segment.slice(20);
  return pbxId !== undefined && /^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/.test(orgId) ? { pbxId, orgId } : undefined;
}
