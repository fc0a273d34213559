import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../config.ts';
import { passwordHasher } from '../crypto/passwords.ts';
import { pbxTokenSigner } from '../crypto/pbx-token-signer.ts';
import { createSealer } from '../crypto/sealer.ts';
import { secretTokens } from '../crypto/tokens.ts';
import { createAccounts } from '../database/accounts.ts';
import { openDatabase } from '../database/client.ts';
import { createLookups } from '../database/lookups.ts';
import { createPbxs } from '../database/pbxs.ts';
import { newStep, withoutExtension } from '../domain/lookup-step.ts';
import { deadlineLimitsMs, type LookupStep } from '../domain/lookup.ts';
import { defaultExtensionSteps } from '../domain/pbx-settings.ts';
import type { Account, Accounts, Lookups, Pbxs } from '../ports.ts';
import { demoEmail } from '../use-cases/hide-demo-account.ts';

export { demoEmail };
export const demoPassword = 'demo-on-the-trunkline';
export const demoPbxId = '47EC1B-B70D69-818AE6';
/** Rings when nobody's extension is found. */
export const demoFallbackExtension = '100';

const demoLookupId = '47EC1B-B70D69-818AE7';
const demoDataLookupId = '47EC1B-B70D69-818AE8';

/** Who calls, and from which company. */
const demoDataSteps: readonly LookupStep[] = [
  {
    ...withoutExtension(newStep('Contact', ['Phone', 'MobilePhone', 'HomePhone', 'OtherPhone'])),
    returns: [
      { field: 'Name', name: 'Name', empty: '' },
      { field: 'Account.Name', name: 'Account', empty: '' },
    ],
  },
];

/** Where the demo PBX's token is kept for `npm run demo:token`. */
export const demoTokenFile = (dataDir: string) => join(dataDir, 'demo-token');

/**
 * Makes the demo account, its PBX with a lookup of each service and the PBX's token where they are missing; called only together with the stand-in, since everybody
 * knows the password. Answers with the token, which is the same each time unless it was revoked.
 */
export async function seedDemo(
  environment: Readonly<Record<string, string | undefined>>,
  dataDir: string,
  deadlineMs: number = deadlineLimitsMs.default,
): Promise<string> {
  const { settings, keys } = loadConfig({ ...environment });
  const database = openDatabase(settings.DATABASE_URL ?? '', { maxConnections: 1 });
  try {
    const { db } = database;
    const pbxs = createPbxs(db, createSealer(keys));
    const account = await demoAccount(createAccounts(db));
    const lookups = createLookups(db);
    await ensurePbx(pbxs, lookups, account.id, deadlineMs);
    await ensureDataLookup(pbxs, lookups, account.id);
    const token = await demoToken(pbxs);
    await writeFile(demoTokenFile(dataDir), `${token}\n`, { mode: 0o600 });
    return token;
  } finally {
    await database.close();
  }
}

async function demoAccount(accounts: Accounts): Promise<Account> {
  const known = await accounts.findByEmail(demoEmail);
  if (known) return known;
  const account = await accounts.create({
    email: demoEmail,
    passwordHash: await passwordHasher.hash(demoPassword),
    firstName: 'Dana',
    lastName: 'Demo',
    company: 'ACME',
    timeZone: 'Europe/Berlin',
  });
  await accounts.confirm(account.id);
  return account;
}

async function ensurePbx(pbxs: Pbxs, lookups: Lookups, accountId: string, deadlineMs: number): Promise<void> {
  if (await pbxs.find(accountId, demoPbxId)) return;
  if (!(await lookups.find(accountId, demoLookupId))) {
    await lookups.create({
      id: demoLookupId,
      accountId,
      kind: 'extension',
      name: 'Demo PBX',
      steps: defaultExtensionSteps,
      fallbackExtension: undefined,
    });
  }
  const pbx = {
    id: demoPbxId,
    accountId,
    name: 'Demo PBX',
    country: 'DE',
    fallbackExtension: demoFallbackExtension,
    deadlineMs,
    answerFormat: 'text',
    notFoundOnMiss: false,
    defaultExtensionLookupId: demoLookupId,
  } as const;
  await pbxs.create(pbx, randomBytes(32));
}

/** Apart from the PBX, which may be there from before this lookup came with it. */
async function ensureDataLookup(pbxs: Pbxs, lookups: Lookups, accountId: string): Promise<void> {
  if (await lookups.find(accountId, demoDataLookupId)) return;
  await lookups.create({
    id: demoDataLookupId,
    accountId,
    kind: 'data',
    name: 'Demo PBX: who calls',
    steps: demoDataSteps,
    fallbackExtension: undefined,
  });
  const pbx = await pbxs.find(accountId, demoPbxId);
  if (pbx && pbx.defaultDataLookupId === undefined) {
    await pbxs.update({ id: demoPbxId, accountId, defaultDataLookupId: demoDataLookupId });
  }
}

/** Signed anew from what is stored, which gives the same token: nothing in it but the id and the time of its making. */
async function demoToken(pbxs: Pbxs): Promise<string> {
  const usable = (await pbxs.tokens(demoPbxId)).find(
    ({ revokedAtMs, expiresAtMs }) => revokedAtMs === undefined && expiresAtMs === undefined,
  );
  const token =
    usable ??
    (await pbxs.createToken({ id: secretTokens.uuid(), pbxId: demoPbxId, name: 'Demo', expiresAtMs: undefined }));
  const claims = { id: token.id, pbxId: demoPbxId, issuedAtMs: token.createdAtMs, expiresAtMs: undefined };
  return pbxTokenSigner.sign(claims, await pbxs.signingSecret(demoPbxId));
}
