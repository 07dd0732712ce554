/** The suite in Node, from the sources: both builds, each other's twin, and the independent decoder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCodec } from 'slicer-codec/slim';
import { afterAll, describe, expect, test } from 'vitest';
import { suite } from '../suite/suite.ts';
import { bytesOf } from '../suite/tensors.ts';
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

/** A case that was kept: SLICER_CASE names its folder. */
const kept = process.env.SLICER_CASE ?? '';
test.skipIf(!existsSync(kept))('the kept case', () => {
  const read = (name: string) => new Uint8Array(readFileSync(join(kept, name)));
  const outcome = (make: () => unknown): unknown => {
    try {
      return make();
    } catch (error) {
      return (error as { code?: string }).code ?? error;
    }
  };
  const plain = ({ type, dims, data }: ReturnType<typeof simd.decode>) => ({ type, dims, bytes: bytesOf(data) });
  const names = readdirSync(kept).sort();
  if (names.includes('case.slcf')) {
    const frame = read('case.slcf');
    expect(outcome(() => plain(simd.decode(frame)))).toEqual(outcome(() => independent.decode(frame)));
    return;
  }
  const ours = outcome(() => new simd.StreamDecoder(read('case.setup'))) as InstanceType<typeof simd.StreamDecoder>;
  const theirs = outcome(() => independent.openStream(read('case.setup'))) as ReturnType<typeof independent.openStream>;
  expect(typeof ours).toBe(typeof theirs);
  for (const name of names.filter((n) => n.endsWith('.body'))) {
    expect(outcome(() => plain(ours.decode(read(name))))).toEqual(outcome(() => theirs.decode(read(name))));
  }
});
