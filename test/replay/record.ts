import { startVitest } from 'vitest/node';

/*
 * Records the histories that replay tests hold the workflows to: run it after adding a case, never to make a failing replay pass. It
 * needs what the tests need, and runs in their frame, so it is a test run of the files that record; an argument chooses some of them.
 */
const vitest = await startVitest(process.argv.slice(2), { include: ['test/replay/*.record.ts'], watch: false });
await vitest.close();
