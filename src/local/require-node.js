// Loaded first, as JavaScript, because an older Node could not read anything else here. npm installs a Node of its own on Linux and
// Windows; on macOS the one that is installed has to do.
import process from 'node:process';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `Trunkline needs Node 24.12 or later, and this is ${process.versions.node} (${process.execPath}): install it from https://nodejs.org, then run npm ci again.\n`,
  );
  process.exit(1);
}
