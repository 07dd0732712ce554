// The WASM builds in this process, timed like the native program: a fixed step, nothing measured afterwards.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readNpy } from 'slicer-codec/npy';
import { createCodec } from 'slicer-codec/slim';
import { EFFORTS, stepOf } from './settings.mjs';

/** Rows of the two builds. */
export const HOSTS = { simd: 'WASM', scalar: 'WASM scalar' };

/** Values that are timed together at least: the clock counts microseconds. */
const TOGETHER = 2 ** 19;

/** Nanoseconds of CPU time of this process. The garbage collector's threads count too, which the best run hides. */
function time(action, repeats) {
  const start = process.cpuUsage();
  let result;
  for (let i = 0; i < repeats; i++) result = action();
  const { user, system } = process.cpuUsage(start);
  return [result, (1000 * (user + system)) / repeats];
}

/**
 * Opens the files; the function it resolves with runs everything once on one build and returns rows like the native program's.
 * @param {('simd' | 'scalar')} build
 */
export async function wasmRounds(files, build = 'simd') {
  const codec = createCodec();
  await codec.init(readFileSync(fileURLToPath(import.meta.resolve(`slicer-codec/${build}.wasm`))));
  const cases = files.map((file) => {
    const tensor = readNpy(new Uint8Array(readFileSync(file)));
    return { name: basename(file, '.npy'), tensor, step: stepOf(tensor.data) };
  });
  const pairs = EFFORTS.map(([name, effort]) => ({
    name,
    effort,
    encoder: new codec.Encoder(),
    decoder: new codec.Decoder(),
  }));
  return (only = '') =>
    cases
      .filter(({ name }) => name.includes(only))
      .flatMap(({ name, tensor, step }) =>
        pairs.map((pair) => {
          const options = { budget: { step }, effort: pair.effort, report: false };
          const values = tensor.data.length;
          const repeats = Math.ceil(TOGETHER / values);
          const [{ bytes }, encode] = time(() => pair.encoder.encode(tensor, options), repeats);
          const [, decode] = time(() => pair.decoder.decode(bytes), repeats);
          return { case: name, codec: pair.name, values, bytes: bytes.length, encode, decode };
        }),
      );
}
