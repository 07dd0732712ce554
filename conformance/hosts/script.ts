/** Node, Deno and Bun: a script in a project that has the package installed. Results are lines of JSON. */
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runHost } from './program.ts';

const [seed, runs] = process.argv.slice(2).map(Number);
const json = async (name: string) => JSON.parse(await readFile(new URL(name, import.meta.url), 'utf8'));

await runHost({
  settings: { seed, runs },
  vectors: await json('./vectors.json'),
  wasm: (build) => readFile(fileURLToPath(import.meta.resolve(`slicer-codec/${build}.wasm`))),
  report: (result) => console.log(JSON.stringify(result)),
});
