import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal('document', { documentElement: { dataset: { locale: 'en-GB' } } });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

it.each([
  ['en-US@posix', 'en-GB'],
  ['C', 'en-GB'],
  ['', 'en-GB'],
  ['de-DE', 'de-DE'],
])('gives charts a language that they can use where the browser calls its own %j', async (told, used) => {
  const browser = { language: told };
  vi.stubGlobal('navigator', browser);
  await import(new URL('../../../web/assets/language.js', import.meta.url).href);
  expect(browser.language).toBe(used);
  expect(() => new Intl.NumberFormat(browser.language)).not.toThrow();
});

it('does so before the charts’ library is loaded, which reads it then', async () => {
  const charts = await readFile(new URL('../../../web/assets/charts.js', import.meta.url), 'utf8');
  const imports = [...charts.matchAll(/^import .*'(.+)';$/gm)].map(([, path]) => path);
  expect(imports).toEqual(['./language.js', './uplot.js']);
});
