import { expect, it } from 'vitest';
import { service } from '../support/services.ts';
import { readFile } from 'node:fs/promises';

it('bundles the workflows without anything that may not run in their sandbox', async () => {
  const { codePath } = await service('workflow-bundle');
  const bundle = await readFile(codePath, 'utf8');
  for (const forbidden of ['libphonenumber', 'node_modules/undici', 'node_modules/postgres/', 'drizzle-orm']) {
    expect(bundle.includes(forbidden), forbidden).toBe(false);
  }
});
