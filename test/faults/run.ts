import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

/*
 * `npm run faults [-- connection|lookups] [--seed <number>] [--seconds <number>] [--only <pattern>]`: the long form of the tests in this
 * folder, and a table of what was counted. Lookups are asked for 60 seconds during each fault, or as long as given. `--only` takes a
 * regular expression for the rows that are wanted.
 */

const { values, positionals } = parseArgs({
  options: { seed: { type: 'string' }, seconds: { type: 'string', default: '60' }, only: { type: 'string' } },
  allowPositionals: true,
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const files: Readonly<Record<string, readonly string[]>> = {
  connection: ['connection', 'causes'],
  lookups: ['lookups'],
};
const suites = positionals.length === 0 ? Object.keys(files) : positionals;
const chosen = suites.flatMap((suite) => files[suite] ?? []);
if (chosen.length === 0) throw new Error(`There is ${Object.keys(files).join(' and ')}, and no ${suites.join(', ')}.`);
console.log(`Seed ${seed}; the same again: npm run faults -- ${suites.join(' ')} --seed ${seed}`);

const vitest = await startVitest(
  chosen.map((name) => `test/faults/${name}`),
  // One file after the other: what is counted is not to depend on what else runs here.
  {
    watch: false,
    maxWorkers: 1,
    retry: 0,
    ...(values.only !== undefined && { testNamePattern: values.only }),
    provide: { faults: { seed, seconds: Number(values.seconds) } },
  },
);
const rows = vitest.state
  .getTestModules()
  .flatMap((module) => [...module.children.allTests()])
  .filter((test) => test.result().state !== 'skipped')
  .map((test) => {
    const { counted = '' } = test.meta();
    return { held: test.result().state === 'passed' ? 'yes' : 'NO', what: test.fullName, counted };
  });
await vitest.close();
console.log(`\n| held | what | counted |\n| --- | --- | --- |`);
for (const { held, what, counted } of rows) console.log(`| ${held} | ${what} | ${counted} |`);
process.exitCode = rows.length > 0 && rows.every(({ held }) => held === 'yes') ? 0 : 1;
