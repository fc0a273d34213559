import { loadConfig } from './config.ts';
import { createSealer } from './crypto/sealer.ts';
import { openDatabase } from './database/client.ts';
import { reseal, sealedColumns, type SealedColumn } from './database/sealed-columns.ts';
import { AppError } from './errors.ts';

/* `npm run rotate-keys`: put the new key first in TRUNKLINE_KEYS, restart, run this, then take the old key away. */

try {
  const { settings, keys } = loadConfig();
  const [first] = keys;
  if (settings.DATABASE_URL === undefined || first === undefined) {
    throw new AppError('CONFIGURATION_INVALID', 'Set DATABASE_URL and TRUNKLINE_KEYS, the new key first.');
  }
  const database = openDatabase(settings.DATABASE_URL, { maxConnections: 1 });
  try {
    for (const column of Object.keys(sealedColumns) as SealedColumn[]) {
      const { resealed, unreadable } = await reseal(database.sql, createSealer(keys), first.id, column);
      console.log(`${column.padEnd(36)} ${resealed} resealed${unreadable > 0 ? `, ${unreadable} unreadable` : ''}`);
      if (unreadable > 0) process.exitCode = 1;
    }
  } finally {
    await database.close();
  }
} catch (error) {
  console.error(error instanceof AppError ? error.message : error);
  process.exitCode = 1;
}
