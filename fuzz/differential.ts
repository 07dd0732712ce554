/**
 * The core against the independent decoder. Seeds take turns: the suite's laws draw random and damaged frames and streams; and what
 * the Rust targets have found so far (fuzz/corpus, fuzz/work) goes through both, with some bytes changed.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { createCodec } from 'slicer-codec/slim';
import { keepIn } from '../conformance/hosts/cases.ts';
import { loadIndependent } from '../conformance/hosts/independent.ts';
import { agreement } from '../conformance/suite/agree.ts';
import { suite } from '../conformance/suite/suite.ts';
import { inputsIn, showInput } from './inputs.ts';
import { loop } from './loop.ts';

/** Cases of each law from one seed, and inputs. */
const [RUNS, INPUTS] = [50, 500];
/** As in `checks.rs`. */
const LIMITS = { maxBytes: 1 << 20, maxWork: 1 << 20 };

const [folder, seconds] = process.argv.slice(2);
const root = process.cwd();
const codec = createCodec();
await codec.init(await readFile(fileURLToPath(import.meta.resolve('slicer-codec/simd.wasm'))));
const independent = await loadIndependent(root, join(root, '.cache', 'independent'));
const inputs = ['corpus', 'work'].flatMap((name) => inputsIn(join(root, 'fuzz', name)));

function laws(seed: number, finding: string): number {
  const all = suite({ codec, independent, keep: keepIn(finding) }, { seed, runs: RUNS });
  const differential = all.filter((law) => law.name.startsWith('an independent decoder'));
  return differential.reduce((sum, law) => sum + law.run().cases, 0);
}

function changed(seed: number, finding: string): number {
  const both = agreement({ codec, keep: keepIn(finding) }, independent, LIMITS);
  const hits = fc.array(fc.record({ at: fc.nat(), value: fc.nat(255) }), { maxLength: 4 });
  const property = fc.property(fc.nat(inputs.length - 1), hits, (i, list) => {
    const bytes = inputs[i].bytes.slice();
    for (const { at, value } of list) if (bytes.length > 0) bytes[at % bytes.length] = value;
    showInput(both, inputs[i].target, bytes);
  });
  fc.assert(property, { seed, numRuns: INPUTS, includeErrorInReport: true });
  return INPUTS;
}

await loop(folder, Number(seconds), async (seed, finding) => (seed % 2 === 0 ? laws : changed)(seed, finding));
