/** Builds of the independent decoder with one fault. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as asc from 'assemblyscript/asc';
import type { Fault } from './faults.ts';

const assembly = fileURLToPath(new URL('../../assemblyscript/assembly/', import.meta.url));

/** The source with the fault in it. Throws where the text to change does not stand there once. */
export function spoil(source: string, { name, find, replace }: Fault): string {
  if (source.split(find).length !== 2) throw new Error(`${name}: not once in the source: ${find}`);
  return source.replace(find, () => replace);
}

/** Compiles a decoder into `folder`; returns the path of its WASM. */
export async function compile(fault: Fault | undefined, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  let wasm: Uint8Array | undefined;
  const args = [
    'index.ts',
    '--outFile',
    'out.wasm',
    '-O1',
    '--runtime',
    'minimal',
    '--exportRuntime',
    '--use',
    'abort=',
  ];
  const { error, stderr } = await asc.main(args, {
    readFile: (name) => {
      try {
        const text = readFileSync(join(assembly, name), 'utf8');
        return fault && name === fault.file ? spoil(text, fault) : text;
      } catch (e) {
        if ((e as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw e;
      }
    },
    writeFile: (name, data) => {
      if (name === 'out.wasm') wasm = data as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || !wasm) throw new Error(`${fault?.name ?? 'sound'}: ${error?.message}\n${stderr.toString()}`);
  const path = join(folder, `${(fault?.name ?? 'sound').replace(/\W+/g, '-')}.wasm`);
  writeFileSync(path, wasm);
  return path;
}
