import { loadConfig } from './config.ts';
import { migrateDatabase } from './database/migrations.ts';

const { settings } = loadConfig();
if (settings.DATABASE_URL === undefined) {
  console.error('DATABASE_URL is missing: set it to the PostgreSQL database to migrate.');
  process.exit(1);
}
await migrateDatabase(settings.DATABASE_URL);
