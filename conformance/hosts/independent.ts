/** The AssemblyScript decoder, compiled into a folder of its own: its own tests compile it too, perhaps at the same time. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Independent } from '../suite/law.ts';

/** Compiles the decoder into `folder` (inside the repository, where its loader is found) and loads it. */
export async function loadIndependent(root: string, folder: string): Promise<Independent> {
  const source = join(root, 'conformance', 'assemblyscript');
  const compiler = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'));
  mkdirSync(folder, { recursive: true });
  const own = mkdtempSync(join(folder, 'decoder-'));
  process.on('exit', () => rmSync(own, { recursive: true, force: true }));
  const wasm = join(own, 'dist', 'decoder.wasm');
  mkdirSync(dirname(wasm));
  execFileSync(process.execPath, [compiler, '--config', 'asconfig.json', '--outFile', wasm], { cwd: source });
  copyFileSync(join(source, 'index.mjs'), join(own, 'index.mjs'));
  return import(pathToFileURL(join(own, 'index.mjs')).href);
}
