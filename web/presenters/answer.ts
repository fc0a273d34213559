import type { Answer, AnswerFormat } from '../../src/domain/lookup.ts';

/** A body that a phone system can parse. */
export interface AnswerBody {
  readonly contentType: string;
  readonly body: string;
}

const contentTypes: Readonly<Record<AnswerFormat, string>> = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
  xml: 'application/xml; charset=utf-8',
  form: 'application/x-www-form-urlencoded',
};

const formatOfMediaType: Readonly<Record<string, AnswerFormat>> = {
  'text/plain': 'text',
  'application/json': 'json',
  'application/problem+json': 'json',
  'application/xml': 'xml',
  'text/xml': 'xml',
  'application/x-www-form-urlencoded': 'form',
};

/** The format of an answer: as asked for, else the first acceptable that is known, else the phone system's own. */
export function chooseFormat(
  asked: AnswerFormat | undefined,
  accept: string | undefined,
  fallback: AnswerFormat,
): AnswerFormat {
  if (asked !== undefined) return asked;
  if (accept === undefined || accept === '*/*') return fallback;
  const ranges = accept
    .split(',')
    .map((range) => {
      const [mediaType = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return { format: formatOfMediaType[mediaType], quality: quality === undefined ? 1 : Number(quality.slice(2)) };
    })
    .filter(({ quality }) => quality > 0);
  const [best] = ranges.filter(({ format }) => format !== undefined).sort((a, b) => b.quality - a.quality);
  return best?.format ?? fallback;
}

/** In plain text, nothing but the extension and a newline; nothing at all when there is none. */
export function presentExtension(answer: Answer, format: AnswerFormat): AnswerBody {
  const extension = firstLine(answer.extension ?? '');
  if (format === 'text') {
    return { contentType: contentTypes.text, body: extension === '' ? '' : `${extension}\n` };
  }
  return presentFields(
    { extension, reason: answer.reason, run: answer.runId, matches: String(answer.matches) },
    format,
  );
}

/**
 * Exactly the chosen fields; in plain text the first of them, on the first line. With `hasMeta` the reason comes along as members, for
 * phone systems that cannot read headers.
 */
export function presentData(answer: Answer, format: AnswerFormat, hasMeta: boolean): AnswerBody {
  if (format === 'text') {
    const value = firstLine(Object.values(answer.fields)[0] ?? '');
    return { contentType: contentTypes.text, body: value === '' ? '' : `${value}\n` };
  }
  const meta = { _reason: answer.reason, _run: answer.runId, _matches: String(answer.matches) };
  return presentFields(hasMeta ? { ...answer.fields, ...meta } : answer.fields, format);
}

/** A flat map of texts. */
export function presentFields(
  fields: Readonly<Record<string, string>>,
  format: Exclude<AnswerFormat, 'text'>,
): AnswerBody {
  return { contentType: contentTypes[format], body: writers[format](fields) };
}

const writers: Readonly<Record<Exclude<AnswerFormat, 'text'>, (fields: Readonly<Record<string, string>>) => string>> = {
  json: (fields) => JSON.stringify(fields),
  xml: (fields) =>
    `<answer>${Object.entries(fields)
      .map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`)
      .join('')}</answer>`,
  form: (fields) => new URLSearchParams(fields).toString(),
};

/** XML 1.0 has no way at all to carry most control characters, nor half a surrogate pair. */
const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    // eslint-disable-next-line no-control-regex -- these are the characters that must go
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
    .replace(/[&<>"'\r]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Some phone systems read the first line only, and none expects a second. */
const firstLine = (text: string): string => /^[^\r\n]*/.exec(text)?.[0] ?? '';
