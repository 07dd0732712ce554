// The licences of what is compiled into the WASM files: their terms ask that the notices go where the code goes.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './run.mjs';

const FACADES = ['slicer-wasm', 'slicer-calibrate-wasm'];
const HEAD = `The WebAssembly files of this package are compiled from it and from the Rust crates below, each under the licence that stands over it,
and from the core and alloc libraries of Rust (MIT or Apache-2.0, The Rust Project Contributors).
`;

/** The notices as one text: crates with the same licence text stand over it together. */
export async function notices() {
  const texts = new Map();
  const folders = await sources();
  for (const [crate, licence] of await compiledIn()) {
    const text = licenceOf(folders.get(crate), licence);
    if (!texts.has(text)) texts.set(text, []);
    texts.get(text).push(`${crate} (${licence})`);
  }
  return [HEAD, ...[...texts].map(([text, crates]) => `${crates.join('\n')}\n\n${text.trim()}\n`)].join(
    `\n${'-'.repeat(80)}\n\n`,
  );
}

/** Name and version of every crate of other people that ends in a WASM file, with its licence; macros leave nothing of theirs there. */
async function compiledIn() {
  const target = ['--target', 'wasm32-unknown-unknown', '--edges', 'normal,no-proc-macro'];
  const packages = FACADES.flatMap((name) => ['-p', name]);
  const args = ['tree', ...packages, ...target, '--no-dedupe', '--prefix', 'none', '--format', '{p}|{l}', '--quiet'];
  const { output } = await run('cargo', args);
  const lines = output.split('\n').filter((line) => /^[\w-]+ v\S+\|/.test(line));
  const found = new Map(lines.map((line) => line.split('|')));
  return [...found].map(([crate, licence]) => [crate.replace(' v', ' '), licence]).sort();
}

/** Where the sources of every crate lie, by name and version. */
async function sources() {
  const { output } = await run('cargo', ['metadata', '--format-version', '1', '--quiet']);
  const { packages } = JSON.parse(output.slice(output.indexOf('{"packages"')));
  return new Map(packages.map((p) => [`${p.name} ${p.version}`, dirname(p.manifest_path)]));
}

/** The text of the licence a crate is used under: MIT where it alone will do, because it is shorter. */
function licenceOf(folder, licence) {
  const names = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  const mit = licence.includes(' AND ') ? [] : names.filter((name) => /mit/i.test(name));
  const chosen = mit.length > 0 ? mit : names;
  if (chosen.length === 0) throw new Error(`${folder} has no licence text to pass on`);
  return chosen.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
}
