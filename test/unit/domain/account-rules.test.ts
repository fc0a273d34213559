import { describe, expect, it } from 'vitest';
import { passwordFault, readEmail } from '../../../src/domain/account-rules.ts';

describe('readEmail', () => {
  it.each([
    ['ada@acme.example', 'ada@acme.example'],
    ['  Ada@ACME.example ', 'ada@acme.example'],
    ['ada+pbx@mail.acme.co.uk', 'ada+pbx@mail.acme.co.uk'],
    ['o’neil@acme.example', 'o’neil@acme.example'],
  ])('reads %j as %s', (typed, email) => {
    expect(readEmail(typed)).toBe(email);
  });

  it.each([
    '',
    'ada',
    'ada@',
    '@acme.example',
    'ada@acme',
    'ada@acme.e',
    'ada b@acme.example',
    'ada@acme.example\nBcc: eve@evil.example',
    'Ada <ada@acme.example>',
    'ada@acme.example,eve@evil.example',
    `${'a'.repeat(250)}@acme.example`,
  ])('refuses %j', (typed) => {
    expect(readEmail(typed)).toBeUndefined();
  });
});

describe('passwordFault', () => {
  it.each([
    ['short', 'too-short'],
    ['x'.repeat(201), 'too-long'],
    ['Ada@acme.example', 'same-as-email'],
    ['correct horse', undefined],
    ['            x', undefined],
  ] as const)('finds %j to be %s', (password, fault) => {
    expect(passwordFault(password, 'ada@acme.example')).toBe(fault);
  });
});
