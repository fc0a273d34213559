import type { Account, Accounts } from '../ports.ts';

/** Made together with the stand-in for Salesforce; its password is in the README. */
export const demoEmail = 'demo@trunkline.example';

/**
 * The accounts without the demo one, for a database that was used with the stand-in and is now used with a real Salesforce: nobody signs
 * in with the password that everybody may read, and whoever is signed in with it is so no longer.
 */
export function hideDemoAccount(accounts: Accounts): Accounts {
  const unlessDemo = (account: Account | undefined) => (account?.email === demoEmail ? undefined : account);
  return {
    ...accounts,
    findByEmail: async (email) => unlessDemo(await accounts.findByEmail(email)),
    findById: async (id) => unlessDemo(await accounts.findById(id)),
  };
}
