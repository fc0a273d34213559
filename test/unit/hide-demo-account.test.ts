import { expect, test } from 'vitest';
import { demoEmail, hideDemoAccount } from '../../src/use-cases/hide-demo-account.ts';
import { resumeSession } from '../../src/use-cases/resume-session.ts';
import { signIn } from '../../src/use-cases/sign-in.ts';
import { createFakeAccounts, createFakeSessions } from '../support/fakes/accounts.ts';
import { createFakeClock, fakePasswords } from '../support/fakes/world.ts';
import { secretTokens } from '../../src/crypto/tokens.ts';

async function accountsOf(...emails: string[]) {
  const accounts = createFakeAccounts();
  for (const email of emails) {
    const { id } = await accounts.create({
      email,
      passwordHash: await fakePasswords.hash('known to everybody'),
      firstName: 'Dana',
      lastName: 'Demo',
      company: undefined,
      timeZone: 'UTC',
    });
    await accounts.confirm(id);
  }
  return accounts;
}

test('beside a real Salesforce the demo account signs in no more, nor is it still signed in; others do, and are', async () => {
  const accounts = await accountsOf(demoEmail, 'admin@acme.example');
  const ports = {
    sessions: createFakeSessions(),
    passwords: fakePasswords,
    tokens: secretTokens,
    clock: createFakeClock(),
  };
  const withStandIn = { ...ports, accounts };
  const withSalesforce = { ...ports, accounts: hideDemoAccount(accounts) };
  const enter = (world: typeof withSalesforce, email: string) =>
    signIn(world, { email, password: 'known to everybody', formerSessionId: undefined });

  for (const [email, isDemo] of [
    [demoEmail, true],
    ['admin@acme.example', false],
  ] as const) {
    const before = await enter(withStandIn, email);
    if (before.kind !== 'signed-in') throw new Error(`${email} does not sign in with the stand-in`);
    const resumed = await resumeSession(withSalesforce, before.session.sessionId);
    expect([email, resumed?.account.email]).toEqual([email, isDemo ? undefined : email]);
    expect([email, (await enter(withSalesforce, email)).kind]).toEqual([email, isDemo ? 'refused' : 'signed-in']);
  }
});
