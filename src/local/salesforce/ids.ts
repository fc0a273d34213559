const suffixAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/**
 * The 18-character form of a Salesforce id: 15 characters (case matters) get three more that carry the case of five each.
 * An id that already has 18 is answered with the suffix computed anew.
 */
export function to18(id: string): string {
  const id15 = id.slice(0, 15);
  let suffix = '';
  for (let start = 0; start < 15; start += 5) {
    let bits = 0;
    for (let index = 0; index < 5; index++) {
      if (/[A-Z]/.test(id15.charAt(start + index))) bits |= 1 << index;
    }
    suffix += suffixAlphabet.charAt(bits);
  }
  return id15 + suffix;
}

/** Whether a text has the form of a Salesforce id, 15 characters or 18 with a true suffix. */
export function isId(text: string): boolean {
  return /^[0-9A-Za-z]{15}([A-Z0-5]{3})?$/.test(text) && (text.length === 15 || to18(text) === text);
}
