// The WASM build in this process, timed like the native program: a fixed step, nothing measured afterwards.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Decoder, Encoder } from 'slicer-codec';
import { readNpy } from 'slicer-codec/npy';
import { RELATIVE_STEP } from './settings.mjs';

const SETTINGS = [
  ['slicer fast: classes', 'fast'],
  ['slicer default: classes, contexts', 'default'],
];

/** Microseconds of CPU time of this process. The garbage collector's threads count too, which the best run hides. */
function time(action) {
  const start = process.cpuUsage();
  const result = action();
  const { user, system } = process.cpuUsage(start);
  return [result, 1000 * (user + system)];
}

/** Opens the files; the function it gives runs everything once and returns rows like the native program's. */
export function wasmRounds(files) {
  const cases = files.map((file) => {
    const tensor = readNpy(new Uint8Array(readFileSync(file)));
    const rms = Math.sqrt(tensor.data.reduce((sum, v) => sum + v * v, 0) / tensor.data.length);
    return { name: basename(file, '.npy'), tensor, step: Math.fround(RELATIVE_STEP * rms) };
  });
  const pairs = SETTINGS.map(([codec, effort]) => ({ codec, effort, encoder: new Encoder(), decoder: new Decoder() }));
  return () =>
    cases.flatMap(({ name, tensor, step }) =>
      pairs.map(({ codec, effort, encoder, decoder }) => {
        const [{ bytes }, encode] = time(() => encoder.encode(tensor, { budget: { step }, effort, report: false }));
        const [, decode] = time(() => decoder.decode(bytes));
        return { case: name, codec, values: tensor.data.length, bytes: bytes.length, encode, decode };
      }),
    );
}
