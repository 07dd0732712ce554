// `cargo deny`: licences, duplicates and sources of the crates and of all they depend on; deny.toml says what is allowed.
import { join } from 'node:path';
import { cargoInstall, dropBuilds, isInstalled } from '../cargo-install.mjs';
import { root, tools, which } from '../paths.mjs';
import { run } from '../run.mjs';

const VERSION = '0.20.2';
const GET = `cargo install --locked cargo-deny@${VERSION}`;

/** The crates; the fuzz targets and the native bench are workspaces of their own. */
const WORKSPACES = ['.', 'fuzz', 'bench/native'];

/** One check. Compiling cargo-deny takes some minutes: it is done where CI=true and left to the user elsewhere. */
export function denyChecks({ strict }) {
  return [['cargo deny', () => deny(strict)]];
}

async function deny(strict) {
  if (strict) {
    await cargoInstall('cargo-deny', VERSION, 'cargo-deny');
    dropBuilds();
  }
  const own = isInstalled('cargo-deny', VERSION) && join(tools, 'bin', 'cargo-deny');
  const command = own || which('cargo-deny');
  if (!command) return { skipped: `it runs where CI=true, or once it is there: ${GET}` };
  for (const workspace of WORKSPACES) {
    const where = ['--manifest-path', join(root, workspace, 'Cargo.toml'), '--config', join(root, 'deny.toml')];
    const what = ['--hide-inclusion-graph', 'bans', 'licenses', 'sources'];
    await run(command, [...where, '--locked', '--log-level', 'error', 'check', ...what]);
  }
  return `${WORKSPACES.length} workspaces`;
}
