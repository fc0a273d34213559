/*
 * One rule for what arrives without a number. It is *withheld* when it says that there is none: nothing at all, or nothing but
 * punctuation; one of the words for it, be they a network's, a handset's or a program's (`null`, `NaN`); or digits that stand for such
 * a word and are nobody's number. Everything else that is no number is *invalid*: something was sent, and nobody knows what is meant.
 * Both are a clean miss without a call to Salesforce.
 */

/** What networks, phone systems, handsets and programs write in place of a number, without case, accents and punctuation. */
const words: ReadonlySet<string> = new Set(
  `anonymous anonymouscaller anonym anonyme anonimo anonimous anoniem anonymousinvalid restricted restrictednumber unavailable notavailable
  numberunavailable unknown unknowncaller unknownnumber private privatenumber privatecaller withheld numberwithheld calleridwithheld
  callerwithheld blocked blockedcaller nocallerid nocaller noid noname nonumber hidden hiddennumber secret outofarea international payphone
  unbekannt unbekannterteilnehmer unterdruckt rufnummerunterdruckt nummerunterdruckt privatnummer geheim verborgen keine keinenummer
  masque numeromasque inconnu numeroinconnu appelmasque confidentiel privado numeroprivado desconocido oculto numerooculto sconosciuto
  privato numeroprivato nascosto onbekend prive verborgennummer okand skjult ukjent ukendt hemligt tuntematon nieznany zastrzezony
  p o u na none null undefined nil nan clir asserted cpn`.split(/\s+/),
);

/** `+266696687` and its like spell a word on the keypad (source: Twilio, "How do I identify calls from blocked numbers?"). */
const keypadWords: ReadonlySet<string> = new Set(
  ['anonymous', 'restricted', 'blocked', 'unknown', 'unavailable'].map((word) =>
    word.replace(/[a-z]/g, (letter) => '22233344455566677778889999'.charAt(letter.charCodeAt(0) - 97)),
  ),
);

/** Punctuation without the two that are dialled, and the plus of a number that did not follow. */
const nothing = /^(?:(?![*#])[\s+\p{P}\p{Z}\p{Cc}\p{Cf}])*$/u;

/** Whether the text says that there is no number. */
export function isWithheld(text: string): boolean {
  if (/\d/.test(text)) return false;
  const word = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}]/gu, '');
  return word === '' ? nothing.test(text) : words.has(word);
}

/** Whether the dialled text is nothing but zeros, which stand for a number that is not told. */
export const isZeros = (dialled: string): boolean => /^\+?0+$/.test(dialled);

/** Whether the dialled text spells a word for it on the keypad. Without the plus it may be a number all the same, somewhere. */
export const isKeypadWord = (dialled: string): boolean =>
  keypadWords.has(dialled.startsWith('+') ? dialled.slice(1) : dialled);
