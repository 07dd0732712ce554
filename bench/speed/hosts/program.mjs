// What runs in every host: both builds on made-up tensors, by the clock on the wall, which is all that a page has.
import { createCodec } from 'slicer-codec/slim';
import { MADE_UP } from '../made-up.mjs';
import { EFFORTS, stepOf } from '../settings.mjs';

const SIZE = 2 ** 18;
/** Calls that are timed together: a page's clock may be no finer than a tenth of a millisecond. */
const TOGETHER = 4;

function time(action) {
  const start = performance.now();
  let result;
  for (let i = 0; i < TOGETHER; i++) result = action();
  return [result, (1e6 * (performance.now() - start)) / TOGETHER];
}

/**
 * @param {{ rounds: number, wasm: (build: string) => WasmSource, report: (result: object) => void | Promise<void> }} host
 *   how this runtime reads files and takes results: a row for every tensor, build, effort and round
 */
export async function runSpeed({ rounds, wasm, report }) {
  const cases = Object.entries(MADE_UP).map(([name, make]) => {
    const tensor = { type: 'float32', ...make(SIZE) };
    return { name, tensor, step: stepOf(tensor.data) };
  });
  const codecs = [];
  for (const build of ['simd', 'scalar']) {
    const codec = createCodec();
    await codec.init(await wasm(build));
    codecs.push({ build, encoder: new codec.Encoder(), decoder: new codec.Decoder() });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { name, tensor, step } of cases) {
      for (const { build, encoder, decoder } of codecs) {
        for (const [codec, effort] of EFFORTS) {
          const options = { budget: { step }, effort, report: false };
          const [{ bytes }, encode] = time(() => encoder.encode(tensor, options));
          const [, decode] = time(() => decoder.decode(bytes));
          await report({ build, case: name, codec, values: tensor.data.length, bytes: bytes.length, encode, decode });
        }
      }
    }
  }
}
