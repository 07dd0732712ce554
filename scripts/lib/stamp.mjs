// Stamps: a build step is skipped when the hash of what it reads equals the one noted after its last run.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cache, root } from './paths.mjs';

const stamps = join(cache, 'stamps');

/** All files under the given files and folders (relative to the root), sorted. */
export function files(...names) {
  return names.flatMap((name) => allFiles(join(root, name))).sort();
}

/** All files under a file or folder, which need not exist. */
export function allFiles(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => allFiles(join(path, name)));
}

/** SHA-256 over the names and contents of the files, and over any extra text. */
export function hash(paths, extra = '') {
  const sum = createHash('sha256').update(extra);
  for (const path of paths) {
    const data = readFileSync(path);
    sum.update(`${relative(root, path)}\0${data.length}\0`).update(data);
  }
  return sum.digest('hex');
}

/** Whether the step `name` has run with this hash and its outputs are still there. */
export function isFresh(name, value, outputs) {
  const file = join(stamps, name);
  return existsSync(file) && readFileSync(file, 'utf8') === value && outputs.every((path) => existsSync(path));
}

/** Notes that the step has run. */
export function note(name, value) {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, name), value);
}
