// CommonJS in Node or Bun.
const { readFile } = require('node:fs/promises');
const codec = require('slicer-codec');
const { decode } = require('slicer-codec/decode');
const { createPool } = require('slicer-codec/pool');
const slim = require('slicer-codec/slim');

async function main() {
  const { check, checkPool } = await import('./check.mjs');
  const first = check(codec);
  await slim.init(await readFile(require.resolve('slicer-codec/scalar.wasm')));
  for (const other of [slim, { ...codec, decode }]) {
    if (check(other) !== first) throw new Error('the entries disagree');
  }
  // A pool finds its worker's script by itself.
  const pool = createPool({ size: 1 });
  if ((await checkPool(pool)) !== first) throw new Error('the pool disagrees');
  await pool.close();
  // Every entry loads, whatever else is or is not installed; `./worker` is a script for workers alone.
  const { exports } = require('slicer-codec/package.json');
  for (const name of Object.keys(exports).filter((name) => !/\.(wasm|json)$|worker$/.test(name))) {
    const entry = require(`slicer-codec${name.slice(1)}`);
    if (Object.keys(entry).length === 0) throw new Error(`${name} is empty`);
  }
  console.log(first);
}

main();
