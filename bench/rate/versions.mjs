// Which version of a package, and which machine: printed beside every figure.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Version of an installed package, also where it does not export its package.json. */
export function packageVersion(name) {
  for (let at = dirname(fileURLToPath(import.meta.resolve(name))); at !== dirname(at); at = dirname(at)) {
    const file = join(at, 'package.json');
    if (!existsSync(file)) continue;
    const text = JSON.parse(readFileSync(file, 'utf8'));
    if (text.name === name) return text.version;
  }
  return 'unknown';
}

/** Processor, its number of cores, Node and operating system. */
export function machine() {
  const list = cpus();
  return `${list[0]?.model ?? 'unknown processor'}, ${list.length} cores; Node ${process.version}, ${process.platform} ${process.arch}`;
}

/** Short hash of files: a stored result is used again only for the very same code. */
export function fingerprint(...paths) {
  const sum = createHash('sha256');
  for (const path of paths) sum.update(readFileSync(path));
  return sum.digest('hex').slice(0, 12);
}
