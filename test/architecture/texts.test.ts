import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import en from '../../web/locales/en.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');
const read = (pattern: string) =>
  globSync(pattern, { cwd: root }).map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
const templates = read('web/views/**/*.eta');
const modules = read('web/**/*.ts');

function keysOf(texts: object, prefix = ''): string[] {
  return Object.entries(texts).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null ? keysOf(value, `${prefix}${name}.`) : [prefix + name],
  );
}
/** Plural forms are one key. */
const keys = [...new Set(keysOf(en).map((key) => key.replace(/_(?:one|other)$/, '')))];

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Quoted words that a key can be, and beginnings that one is built from: `'a.b.' + c`, `a.b.${c}.d`. */
const words = new Set<string>();
const patterns: { readonly source: string; readonly regex: RegExp }[] = [];
for (const { text } of [...templates, ...modules]) {
  for (const [, , word = ''] of text.matchAll(/(['"])([a-z][\w.-]*)\1/gi)) {
    words.add(word);
    if (word.endsWith('.')) patterns.push({ source: word, regex: new RegExp(`^${escaped(word)}`) });
  }
  for (const [, template = ''] of text.matchAll(/`([a-z][\w-]*\.[^`\s]*\$\{[^`\s]*)`/gi)) {
    const parts = template.split(/\$\{[^}]*\}/);
    patterns.push({
      source: template,
      regex: new RegExp(`^${parts.map((part) => escaped(part)).join('[^.]+')}$`),
    });
  }
}

/** A template without what is computed, without tags, and without what no person sees. */
const literalText = (template: string) =>
  template
    .replace(/<%[\s\S]*?%>/g, '')
    .replace(/<!doctype[^>]*>/gi, '')
    .replace(/<[^>]*>/g, '');

/** Attributes that are read out or shown. */
const spokenAttributes = (template: string) =>
  [...template.replace(/<%[\s\S]*?%>/g, '').matchAll(/\b(?:aria-label|alt|title|placeholder)="([^"]*)"/g)].map(
    ([, text = '']) => text,
  );

/**
 * What is written for programs. The API's description is made of the routes' schemas, also where a page shows it; set-ups are files for
 * other people's systems; the status phrases are those of HTTP.
 */
const forPrograms = [
  'web/plugins/client-errors.ts',
  'web/plugins/openapi.ts',
  'web/presenters/problem.ts',
  'web/routes/phone-api/',
  'web/schemas/connection-status.ts',
  'web/schemas/phone-api.ts',
  'web/setups/',
];
const scripts = [...modules, ...read('web/assets/*.js')].filter(
  ({ file }) => !forPrograms.some((path) => file.startsWith(path)),
);

/** Properties that become words on a page, be it a single one. */
const spoken = new Set(['title', 'notice', 'problem', 'textContent', 'innerText']);
/** No person sees the context of a seal, a style sheet, or what an event stream is made of. */
const unseen = /^(?:flash cookie|@layer foundation|event: )/;

/** The literals of a module that somebody may read: phrases, and whatever a page is told to say. Errors and logs are not shown. */
function literalsOf({ file, text }: { file: string; text: string }): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node, isSpoken: boolean): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isNewExpression(node) && node.expression.getText().endsWith('Error')) return;
    if (ts.isCallExpression(node) && /\b(?:log|logger)\.\w+$/.test(node.expression.getText())) return;
    // What a call is given are keys and values, not yet words.
    let below = isSpoken && !ts.isCallExpression(node) && !ts.isElementAccessExpression(node);
    if (ts.isPropertyAssignment(node)) below = spoken.has(node.name.getText());
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      const said = node.text.replace(/<[^>]*>|<[^>]*$|^[^<]*>/g, '');
      const isText = isSpoken ? /\p{L}/u.test(said) : /\p{L} \p{L}/u.test(said) && !unseen.test(said);
      if (isText) found.push(said);
    }
    ts.forEachChild(node, (child) => visit(child, below));
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true), false);
  return found;
}

describe('the texts', () => {
  it.each(scripts)('stand in no module: $file', (script) => {
    expect(literalsOf(script)).toEqual([]);
  });

  it.each([
    "pages.send(request, reply, { view: 'lookups', title: 'Lookups' })",
    'pages.send(request, reply, { title: `Lookup ${name}` })',
    "flashes.set(reply, isNew ? { notice: 'Saved' } : { problem: t('lookups.none') })",
    "const explanation = { text: isKnown ? t('lookup.known') : 'Nobody knows' };",
    "button.textContent = 'Copied to the clipboard';",
  ])('are found where they stand in code: %s', (text) => {
    expect(literalsOf({ file: 'example.ts', text })).not.toEqual([]);
  });

  it.each(forPrograms)('have an exception only where there is something: %s', (path) => {
    expect(modules.filter(({ file }) => file.startsWith(path))).not.toEqual([]);
  });

  it.each(templates)('stand in no template: $file', ({ text }) => {
    expect(literalText(text)).not.toMatch(/\p{L}/u);
    expect(spokenAttributes(text).join('')).not.toMatch(/\p{L}/u);
  });

  it.each(templates)('exist where a template names them: $file', ({ text }) => {
    const named = [...text.matchAll(/\bit\.t\(\s*'([^']+)'\s*(\+?)/g)];
    const missing = named.filter(([, name = '', joined]) =>
      joined === '+' ? !keys.some((key) => key.startsWith(name)) : !keys.includes(name),
    );
    expect(missing.map(([, name]) => name)).toEqual([]);
  });

  it('are each used somewhere', () => {
    const unused = keys.filter((key) => !words.has(key) && !patterns.some(({ regex }) => regex.test(key)));
    expect(unused).toEqual([]);
  });

  it('are found by no pattern that could be any key', () => {
    const wide = patterns.filter(({ regex }) => keys.filter((key) => regex.test(key)).length > keys.length / 3);
    expect(wide.map(({ source }) => source)).toEqual([]);
  });

  it('are never empty but for a set-up path that is not needed', () => {
    const empty = keysOf(en).filter((key) => textAt(key) === '' && !/^(?:why|warnings)\..*\.setup$/.test(key));
    expect(empty).toEqual([]);
  });
});

function textAt(key: string): unknown {
  return key.split('.').reduce<unknown>((texts, name) => (texts as Record<string, unknown>)[name], en);
}
