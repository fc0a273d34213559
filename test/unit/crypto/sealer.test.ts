import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createSealer } from '../../../src/crypto/sealer.ts';

const key = (id: string) => ({ id, key: randomBytes(32) });

it('opens what it sealed, for the same row only', () => {
  const sealer = createSealer([key('a')]);
  const sealed = sealer.seal('refresh token', 'credentials 1');
  expect(sealed).not.toContain('refresh');
  expect(sealer.open(sealed, 'credentials 1')).toBe('refresh token');
  expect(() => sealer.open(sealed, 'credentials 2')).toThrow(
    expect.objectContaining({ code: 'STORED_SECRET_UNREADABLE' }),
  );
});

it('seals with the first key and opens with any, so that keys can be replaced', () => {
  const [old, fresh] = [key('old'), key('fresh')];
  const sealed = createSealer([old]).seal('code', 'row');
  const both = createSealer([fresh, old]);
  expect(both.open(sealed, 'row')).toBe('code');
  expect(both.seal('code', 'row')).toMatch(/^fresh:/);
});

it('refuses a value that was changed, cut or sealed with a key that is gone', () => {
  const sealer = createSealer([key('a')]);
  const sealed = sealer.seal('code', 'row');
  const changed = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`;
  for (const bad of [changed, sealed.slice(0, 20), 'a:', '', createSealer([key('b')]).seal('code', 'row')]) {
    expect(() => sealer.open(bad, 'row')).toThrow(expect.objectContaining({ code: 'STORED_SECRET_UNREADABLE' }));
  }
});
