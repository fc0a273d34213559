import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort } from '../../../src/local/network.ts';
import { startTemporal } from '../../../src/local/temporal.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('gives a server up that runs and never answers, after it was started once more', async () => {
  const dataDir = await temporaryFolder();
  const command = join(dataDir, 'temporal');
  await writeFile(command, `#!/bin/sh\necho started >> '${dataDir}/starts'\nexec sleep 60\n`);
  await chmod(command, 0o755);
  const [port, uiPort] = [await freePort(), await freePort()];
  const starting = startTemporal({
    ...{ command, dataDir, port, uiPort, namespace: 'default', durable: false, readyWithinMs: 300 },
    signal: new AbortController().signal,
  });
  await expect(starting).rejects.toThrow(`The Temporal server did not answer on port ${port} within 0.3 s`);
  expect((await readFile(join(dataDir, 'starts'), 'utf8')).trim().split('\n')).toHaveLength(2);
});
