// Packages that only some checks need (runtimes, bundlers): pinned in scripts/extras/GROUP, installed on demand into .cache/extras/GROUP.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cache, root } from './paths.mjs';
import { run, say, seconds } from './run.mjs';
import { files, hash, isFresh, note } from './stamp.mjs';

/** Installs a group where it is missing or has changed, and resolves with its folder. */
export async function extras(group) {
  const source = join(root, 'scripts', 'extras', group);
  const folder = join(cache, 'extras', group);
  const modules = join(folder, 'node_modules');
  const value = hash(files(`scripts/extras/${group}`));
  if (isFresh(`extras-${group}`, value, [modules])) return folder;
  const start = Date.now();
  say(`installing the ${group} of scripts/extras into .cache/extras (once)`);
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(source, name), join(folder, name));
  // Not `npm ci`, for the reason that scripts/setup.mjs gives.
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  await run('npm', ['install', ...quiet], { cwd: folder });
  // Bun's package only finds its executable once this has run; npm leaves install scripts out unless told.
  if (group === 'runtimes') await run(process.execPath, ['install.js'], { cwd: join(modules, 'bun') });
  note(`extras-${group}`, value);
  say(`${group} installed in ${seconds(Date.now() - start)}`);
  return folder;
}
