// Node, Deno and Bun: a script in a project that has the package installed. Results are lines of JSON.
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runSpeed } from './program.mjs';

await runSpeed({
  rounds: Number(process.argv[2]),
  wasm: (build) => readFile(fileURLToPath(import.meta.resolve(`slicer-codec/${build}.wasm`))),
  report: (row) => console.log(JSON.stringify(row)),
});
