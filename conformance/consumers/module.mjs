// An ES module in Node, Deno or Bun.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as codec from 'slicer-codec';
import { decode } from 'slicer-codec/decode';
import { createPool } from 'slicer-codec/pool';
import * as slim from 'slicer-codec/slim';
import { check, checkPool } from './check.mjs';

const resolved = (name) => fileURLToPath(import.meta.resolve(`slicer-codec/${name}`));
const first = check(codec);
await slim.init(await readFile(resolved('scalar.wasm')));
for (const other of [slim, { ...codec, decode }]) {
  if (check(other) !== first) throw new Error('the entries disagree');
}
// A pool finds its worker's script by itself.
const pool = createPool({ size: 1 });
if ((await checkPool(pool)) !== first) throw new Error('the pool disagrees');
await pool.close();
// Every entry loads, whatever else is or is not installed; `./worker` is a script for workers alone.
const { exports } = JSON.parse(await readFile(resolved('package.json'), 'utf8'));
for (const name of Object.keys(exports).filter((name) => !/\.(wasm|json)$|worker$/.test(name))) {
  const entry = await import(`slicer-codec${name.slice(1)}`);
  if (Object.keys(entry).length === 0) throw new Error(`${name} is empty`);
}
console.log(first);
