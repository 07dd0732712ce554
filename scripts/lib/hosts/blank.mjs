// A project that knows nothing of this repository and has the packed tarball installed, as a user's has.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tarball, temporary } from '../pack.mjs';
import { run } from '../run.mjs';

/** Makes a blank project with the tarball and perhaps more packages, and resolves with its folder. */
export async function blankProject(name, more = []) {
  const folder = temporary(name);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--omit=peer'];
  await run('npm', ['install', ...quiet, await tarball('sdk'), ...more], { cwd: folder });
  return folder;
}
