import { describe, expect, it } from 'vitest';
import { readName } from '../../../src/domain/names.ts';

describe('readName', () => {
  it.each([
    [' Head office ', 'Head office'],
    ['Zentrale Köln – 2. Stock', 'Zentrale Köln – 2. Stock'],
    ['本社', '本社'],
    ['می‌خواهم', 'می‌خواهم'],
    ['क्‍ष', 'क्‍ष'],
    ['❤️ 👩‍💻 👩🏽‍💻', '❤️ 👩‍💻 👩🏽‍💻'],
  ])('takes %j', (text, name) => {
    expect(readName(text, 100)).toBe(name);
  });

  it.each([
    ['nothing', ''],
    ['spaces', ' \u00a0\t'],
    ['more than the limit', 'x'.repeat(101)],
    ['a line break', 'Head\noffice'],
    ['an escape', 'Head\u001b[31m office'],
    ['a NUL', 'Head\u0000office'],
    ['a zero-width space', 'Head\u200boffice'],
    ['a joiner between Latin letters', 'Head\u200doffice'],
    ['a byte order mark within', 'Head\ufeffoffice'],
    ['a right-to-left override', 'Head \u202eeciffo'],
    ['a direction isolate', '\u2066Head office\u2069'],
    ['a soft hyphen', 'Head\u00adoffice'],
    ['a line separator', 'Head\u2028office'],
    ['a Hangul filler', '\u3164'],
    ['a blank braille sign', '\u2800'],
    ['a tag', 'Head office\u{e0041}'],
    ['a variation of a letter', 'Head\ufe0f'],
  ])('refuses %s', (_, text) => {
    expect(readName(text, 100)).toBeUndefined();
  });
});
