// Where everything lies. All launchers work from the repository root, whatever the current folder is.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Repository root. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
/** Ignored folder for tools, stamps and WASM builds. */
export const cache = join(root, '.cache');
/** Where `cargo install` puts wasm-pack and wasm-bindgen. */
export const tools = join(cache, 'tools');
/** Finished WASM files, one per variant. */
export const wasmDir = join(cache, 'wasm');
/** Executables of npm packages. */
export const npmBin = join(root, 'node_modules', '.bin');

/** The environment with our own tools first on PATH. */
export function toolEnv(extra = {}) {
  const path = [join(tools, 'bin'), npmBin, process.env.PATH].join(delimiter);
  return { ...process.env, PATH: path, ...extra };
}

/** First of the names that exists on PATH (or is an absolute path that exists). */
export function which(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const ends = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const name of names) {
    const candidates = name.includes('/') ? [name] : folders.flatMap((f) => ends.map((end) => join(f, name + end)));
    const found = candidates.find((c) => existsSync(c));
    if (found) return found;
  }
  return undefined;
}

/** Path of an npm executable; on Windows these are .cmd files. */
export function npmTool(name) {
  return join(npmBin, process.platform === 'win32' ? `${name}.cmd` : name);
}
