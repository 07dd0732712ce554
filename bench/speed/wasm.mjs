// The WASM builds in this process, timed like the native program: a fixed step, nothing measured afterwards.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readNpy } from 'slicer-codec/npy';
import { createCodec } from 'slicer-codec/slim';
import { EFFORTS, stepOf } from './settings.mjs';

/**
 * Rows by name. The native program reads the caller's memory and writes into a buffer that it keeps; so do the rows without
 * copies, by `encoder.input`, `encodeInto` and `decodeView`. What most programs do first, `encode` and `decode` on arrays of their
 * own, is the row with copies.
 */
export const HOSTS = {
  WASM: { build: 'simd', copies: false },
  'WASM with copies': { build: 'simd', copies: true },
  'WASM scalar': { build: 'scalar', copies: false },
};

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

/** Both ways through arrays outside WASM. */
const outside = ({ encoder, decoder }, tensor, options) => ({
  encode: () => encoder.encode(tensor, options).bytes,
  decode: (bytes) => decoder.decode(bytes),
});

/** The tensor is put into WASM once; frames land in one array, and tensors are left where they were decoded. */
function inside({ encoder, decoder }, tensor, options) {
  const { type, dims, data } = tensor;
  const frame = new Uint8Array(data.byteLength + 64);
  return {
    begin: () => encoder.input(type, data.length).set(data),
    // Memory that has grown since moves the array, not what is in it.
    encode: () =>
      frame.subarray(0, encoder.encodeInto({ type, dims, data: encoder.input(type, data.length) }, options, frame)),
    decode: (bytes) => decoder.decodeView(bytes),
  };
}

/**
 * Opens the files; the function it resolves with runs everything once on one build and returns rows like the native program's.
 * @param {{ build: 'simd' | 'scalar', copies: boolean }} host
 */
export async function wasmRounds(files, { build, copies }) {
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
          const ways = (copies ? outside : inside)(pair, tensor, options);
          ways.begin?.();
          const [bytes, encode] = time(ways.encode, repeats);
          const [, decode] = time(() => ways.decode(bytes), repeats);
          return { case: name, codec: pair.name, values, bytes: bytes.length, encode, decode };
        }),
      );
}
