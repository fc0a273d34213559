/** Characters that show nothing, or change how others are shown: control, format and direction signs, fillers, line separators. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Where such a character belongs to the spelling: between the letters of some scripts, and within an emoji. */
const spelling =
  /(?<=[\p{M}\p{Script=Arabic}\p{Extended_Pictographic}\u{1f3fb}-\u{1f3ff}])[\u200c\u200d](?=[\p{L}\p{Extended_Pictographic}])|(?<=\p{Extended_Pictographic})\ufe0f/gu;

/** Whether everything in a text is seen as it stands there, so that two names that look alike are alike. */
export const isAllVisible = (text: string): boolean => !unseen.test(text.replace(spelling, ''));

/** A name as somebody gives it to a thing, without the spaces around. Undefined when it is empty, too long, or not all visible. */
export function readName(text: string, maxLength: number): string | undefined {
  const name = text.trim();
  return name !== '' && name.length <= maxLength && isAllVisible(name) ? name : undefined;
}
