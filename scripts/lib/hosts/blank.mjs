// A project that knows nothing of this repository and has the packed tarball installed, as a user's has.
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tarball, temporary } from '../pack.mjs';
import { run } from '../run.mjs';

let installed;

/** Makes a blank project with the tarball, and resolves with its folder. Installed once; every other one is a copy. */
export async function blankProject(name) {
  installed ??= install();
  const folder = temporary(name);
  cpSync(await installed, folder, { recursive: true, verbatimSymlinks: true });
  return folder;
}

async function install() {
  const folder = temporary('blank');
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--omit=peer'];
  await run('npm', ['install', ...quiet, await tarball('sdk')], { cwd: folder });
  return folder;
}
