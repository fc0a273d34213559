import { describe, expect, it } from 'vitest';
import { readLoginHost } from '../../../src/domain/login-host.ts';

const accepted: readonly (readonly [typed: string, origin: string])[] = [
  ['login.salesforce.com', 'https://login.salesforce.com'],
  ['https://login.salesforce.com', 'https://login.salesforce.com'],
  ['https://test.salesforce.com/', 'https://test.salesforce.com'],
  ['login.salesforce.mil', 'https://login.salesforce.mil'],
  ['acme.my.salesforce.com', 'https://acme.my.salesforce.com'],
  ['  HTTPS://ACME.my.Salesforce.com/  ', 'https://acme.my.salesforce.com'],
  ['acme--uat.sandbox.my.salesforce.com', 'https://acme--uat.sandbox.my.salesforce.com'],
  ['acme-dev-ed.develop.my.salesforce.com', 'https://acme-dev-ed.develop.my.salesforce.com'],
  ['a.my.salesforce.mil', 'https://a.my.salesforce.mil'],
];

const refused: readonly (readonly [why: string, typed: string])[] = [
  ['nothing was typed', ''],
  ['only a space was typed', ' '],
  ['the scheme is http', 'http://login.salesforce.com'],
  ['the scheme is another', 'javascript:alert(1)//login.salesforce.com'],
  ['the scheme is missing its name', '//login.salesforce.com'],
  ['it has a port', 'https://login.salesforce.com:443'],
  ['it has another port', 'login.salesforce.com:8443'],
  ['it has a path', 'https://login.salesforce.com/services'],
  ['it has a path that climbs', 'https://login.salesforce.com/../evil.example'],
  ['it has a query', 'https://login.salesforce.com?x=1'],
  ['it has a fragment', 'login.salesforce.com#x'],
  ['it has a user', 'https://user@login.salesforce.com'],
  ['Salesforce is only the user', 'https://login.salesforce.com@evil.example'],
  ['Salesforce is only the user with a password', 'https://login.salesforce.com:x@evil.example'],
  ['it ends in a dot', 'login.salesforce.com.'],
  ['Salesforce is a label of another host', 'login.salesforce.com.evil.example'],
  ['it only ends like Salesforce', 'evillogin.salesforce.com'],
  ['it only ends like a My Domain', 'evilmy.salesforce.com'],
  ['the dot before my is missing', 'acme-my.salesforce.com'],
  ['the My Domain has no name', 'my.salesforce.com'],
  ['the My Domain begins with a dot', '.my.salesforce.com'],
  ['the name begins with a hyphen', '-acme.my.salesforce.com'],
  ['the name ends with a hyphen', 'acme-.my.salesforce.com'],
  ['the name has an underscore', 'ac_me.my.salesforce.com'],
  ['there are more labels than Salesforce has', 'a.b.c.my.salesforce.com'],
  ['it is the lightning address', 'acme.lightning.force.com'],
  ['it is a Visualforce address', 'acme--c.vf.force.com'],
  ['it is an old instance', 'na1.salesforce.com'],
  ['it is the marketing site', 'www.salesforce.com'],
  ['a backslash stands for a slash', 'https:\\\\login.salesforce.com'],
  ['a backslash hides another host', 'evil.example\\.my.salesforce.com'],
  ['a tab hides in it', 'login.sales\tforce.com'],
  ['a line break hides in it', 'acme.my.salesforce.com\nevil.example'],
  ['a NUL hides in it', 'acme.my.salesforce.com\u0000.evil.example'],
  ['it is percent-encoded', 'login%2esalesforce.com'],
  ['a letter is Cyrillic', 'lоgin.salesforce.com'],
  ['a dot is an ideographic full stop', 'login。salesforce.com'],
  ['it is an IP address', '127.0.0.1'],
  ['it is an IPv6 address', 'https://[::1]'],
  ['it is this machine', 'localhost'],
  ['a label is longer than 63', `${'a'.repeat(64)}.my.salesforce.com`],
  ['there are two hosts', 'login.salesforce.com,evil.example'],
];

describe('readLoginHost', () => {
  it.each(accepted)('reads %j as %s', (typed, origin) => {
    expect(readLoginHost(typed)).toBe(origin);
  });

  it.each(refused)('refuses it when %s', (_why, typed) => {
    expect(readLoginHost(typed)).toBeUndefined();
  });

  it('accepts the stand-in and nothing near it', () => {
    const standIn = 'http://localhost:3001';
    expect(readLoginHost(standIn, standIn)).toBe(standIn);
    expect(readLoginHost(standIn)).toBeUndefined();
    expect(readLoginHost('http://localhost:3002', standIn)).toBeUndefined();
    expect(readLoginHost('http://localhost:3001/x', standIn)).toBeUndefined();
    expect(readLoginHost('https://localhost:3001', standIn)).toBeUndefined();
  });
});
