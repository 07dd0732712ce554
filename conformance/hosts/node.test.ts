/** The suite in Node, from the sources: both builds, each other's twin, and the independent decoder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCodec } from 'slicer-codec/slim';
import { afterAll, describe, expect, test } from 'vitest';
import { inputsIn, PROFILE_HEAD, showInput } from '../../fuzz/inputs.ts';
import { agreement } from '../suite/agree.ts';
import { suite } from '../suite/suite.ts';
import { keepIn } from './cases.ts';
import { loadIndependent } from './independent.ts';
import { settings } from './settings.ts';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../..', import.meta.url));
const [simd, scalar] = [createCodec(), createCodec()];
await simd.init(await readFile(require.resolve('slicer-codec/simd.wasm')));
await scalar.init(await readFile(require.resolve('slicer-codec/scalar.wasm')));
const independent = await loadIndependent(root, join(root, '.cache', 'independent'));
const options = settings((name) => process.env[name], 200);
const keep = keepIn(join(root, '.cache', 'cases'));
let cases = 0;

describe(`laws (seed ${options.seed})`, () => {
  for (const law of suite({ codec: simd, twin: scalar, independent, keep }, options)) {
    test(law.name, { timeout: 600_000 }, () => {
      cases += law.run().cases;
    });
  }
  afterAll(() => console.log(`property cases: ${cases}`));
});

/** Both decoders on bytes from elsewhere; the caps are those of the fuzz targets. */
const both = agreement({ codec: simd, keep }, independent, { maxBytes: 1 << 20, maxWork: 1 << 20 });

test('the corpora of the Rust fuzz targets, through both decoders', () => {
  const inputs = inputsIn(join(root, 'fuzz', 'corpus'));
  expect(inputs.length).toBeGreaterThan(100);
  for (const { target, bytes } of inputs) showInput(both, target, bytes);
  const profile = readFileSync(join(root, 'conformance/vectors/profiles/adaptive.slcp'));
  expect([...profile.subarray(0, PROFILE_HEAD.length)]).toEqual(PROFILE_HEAD);
});

/** Cases that were kept: one of late, named by SLICER_CASE, and findings of the past. */
const past = join(root, 'fuzz', 'corpus', 'differential');
const kept = existsSync(past) ? readdirSync(past).map((name) => join(past, name)) : [];
test.each([process.env.SLICER_CASE ?? [], kept].flat())('the kept case %s', (folder) => {
  const names = readdirSync(folder).sort();
  const read = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
  const ending = (suffix: string) => names.filter((name) => name.endsWith(suffix)).map(read);
  if (names.includes('case.slcf')) both.frame(read('case.slcf'), ending('.slcp'));
  else both.stream(read('case.setup'), ending('.body'));
});
