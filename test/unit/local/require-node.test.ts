import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const guard = 'src/local/require-node.js';
const withVersion = (version: string) =>
  spawnSync(
    process.execPath,
    ['-e', `Object.defineProperty(process.versions, 'node', { value: '${version}' }); import('./${guard}')`],
    { encoding: 'utf8' },
  );

test('lets this Node pass', () => {
  execFileSync(process.execPath, [guard]);
});

test.each(['24.12.0', '25.0.1'])('lets Node %s pass', (version) => {
  expect(withVersion(version)).toMatchObject({ status: 0, stderr: '' });
});

test.each(['20.20.2', '24.11.1'])('says in one sentence that Node %s is too old', (version) => {
  const { status, stderr } = withVersion(version);
  expect(status).toBe(1);
  expect(stderr).toMatch(
    new RegExp(
      `^Trunkline needs Node 24\\.12 or later, and this is ${version} \\(.+\\): install it from https://nodejs\\.org, .+\\n$`,
    ),
  );
});
