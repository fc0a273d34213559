import { loadConfig } from './config.ts';
import { migrateDatabase } from './database/migrations.ts';
import { AppError } from './errors.ts';

try {
  const { settings } = loadConfig();
  if (settings.DATABASE_URL === undefined) {
    throw new AppError(
      'CONFIGURATION_INVALID',
      'DATABASE_URL is missing: set it to the PostgreSQL database to migrate.',
    );
  }
  await migrateDatabase(settings.DATABASE_URL);
} catch (error) {
  console.error(error instanceof AppError ? error.message : error);
  process.exitCode = 1;
}
