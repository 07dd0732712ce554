// A project that knows nothing of this repository and has the packed tarball installed, as a user's has.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../paths.mjs';
import { run } from '../run.mjs';

let packed;

/** A new folder outside the repository that is gone when the process ends. */
export function temporary(name) {
  const folder = mkdtempSync(join(tmpdir(), `slicer-${name}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** Packs the SDK, once per process; resolves with the path of the tarball. */
export function tarball() {
  packed ??= (async () => {
    const folder = temporary('pack');
    // Output of npm: the warnings of its settings may come first.
    const { output } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: join(root, 'sdk') });
    return join(folder, output.trim().split('\n').at(-1).trim());
  })();
  return packed;
}

/** Makes a blank project with the tarball and perhaps more packages, and resolves with its folder. */
export async function blankProject(name, more = []) {
  const folder = temporary(name);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--omit=peer'];
  await run('npm', ['install', ...quiet, await tarball(), ...more], { cwd: folder });
  return folder;
}
