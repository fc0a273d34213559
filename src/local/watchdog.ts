import { rm } from 'node:fs/promises';
import { stopLeftovers } from './processes.ts';

/*
 * Runs beside a stack of local services: `watchdog.ts <data folder> [--remove]`. When whoever started it is gone without a word (killed,
 * crashed) it ends what that one had started, and removes the folder if it was a temporary one. A message `done` sends it home.
 */
const [dataDir, remove] = process.argv.slice(2);
if (dataDir === undefined || process.send === undefined) throw new Error('The watchdog is started by a stack.');

let done = false;
process.on('message', () => {
  done = true;
  process.disconnect();
});
process.once('disconnect', () => {
  if (done) return;
  void stopLeftovers(dataDir).then(async () => {
    if (remove === '--remove') await rm(dataDir, { recursive: true, force: true });
  });
});
