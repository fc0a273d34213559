/*
 * Numbers that are grouped alike are written alike but for their digits. What is made of the way they are written is made once, with
 * blanks, and gets a caller's digits when it is used. A blank is a character of Unicode's private use area, whose place in the area is
 * that of its digit: U+E000 for the first. Only what comes with digits is filled in, and that is ours alone: what people type never does,
 * and may hold such characters.
 */

const firstBlank = 0xe000;
const mostBlanks = 32;

const blank = /[\ue000-\ue01f]/g;
/** The stretches of a text between its blanks. */
export const betweenBlanks = /[^\ue000-\ue01f]+/g;
/** The stretches between its digits, blank or not. */
export const betweenDigits = /[^\d\ue000-\ue01f]+/g;

/** As many blanks as a number has digits: for its first, its second, and so on. Throws a `RangeError` for more than any number has. */
export function blanks(count: number): string {
  if (count > mostBlanks) throw new RangeError('No number is as long as that.');
  return String.fromCharCode(...Array.from({ length: count }, (_, position) => firstBlank + position));
}

/** The position of the digit that a character stands for; undefined for any other. */
export function positionOfBlank(character: number): number | undefined {
  const position = character - firstBlank;
  return position >= 0 && position < mostBlanks ? position : undefined;
}

/** The text with the digits in the place of their blanks. */
export const filledIn = (text: string, digits: string): string =>
  text.replace(blank, (character) => digits.charAt(character.charCodeAt(0) - firstBlank));
