import { defineConfig } from 'vitest/config';

/** Forks, because the Temporal SDK's native code crashes in worker threads. */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // Real browsers, databases and engines share two cores here: a test that met a busy moment may try again, and is reported as such.
    retry: 2,
    globalSetup: ['test/support/global-setup.ts'],
  },
});
