/** The suite in Node: the SIMD build against the scalar one. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createCodec } from 'slicer-codec/slim';
import { afterAll, describe, test } from 'vitest';
import { suite } from '../suite/suite.ts';
import { settings } from './settings.ts';

const require = createRequire(import.meta.url);
const [simd, scalar] = [createCodec(), createCodec()];
await simd.init(await readFile(require.resolve('slicer-codec/simd.wasm')));
await scalar.init(await readFile(require.resolve('slicer-codec/scalar.wasm')));
const options = settings((name) => process.env[name], 400);
let cases = 0;

describe(`laws (seed ${options.seed})`, () => {
  for (const law of suite({ codec: simd, twin: scalar }, options)) {
    test(law.name, { timeout: 300_000 }, () => {
      cases += law.run();
    });
  }
  afterAll(() => console.log(`property cases: ${cases}`));
});
