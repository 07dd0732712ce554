// All tensors of one cut as one array, and the judge of what a codec does to them.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readNpy } from 'slicer-codec/npy';
// Not a public entry of the package yet.
import { divergence } from '../../sdk/dist/esm/eval/kl.js';
import { OUTPUT } from './cuts.mjs';
import { runOne } from './features.mjs';

/** Tensors of one tail run: more do not make it faster, and the answers are the same to rounding. */
const BATCH = 20;

/** `{ data, dims: [items, …], path }` of a cut in a folder of features. */
export function loadStack(folder, name) {
  const path = join(folder, `${name}.npy`);
  const { data, dims } = readNpy(new Uint8Array(readFileSync(path)));
  return { data, dims: [...dims], path };
}

/** The first items of a stack, as a stack without a file. */
export function firstOf({ data, dims }, count) {
  if (count >= dims[0]) return { data, dims };
  return { data: data.subarray(0, (data.length / dims[0]) * count), dims: [count, ...dims.slice(1)] };
}

/** The items of a stack as tensors with a leading dimension of 1, which is what a codec gets. */
export function items({ data, dims }) {
  const size = data.length / dims[0];
  return Array.from({ length: dims[0] }, (_, i) => ({
    type: 'float32',
    data: data.subarray(i * size, (i + 1) * size),
    dims: [1, ...dims.slice(1)],
  }));
}

/** What peers may know of a cut before they choose their settings: of calibration tensors, never of tested ones. */
export function statisticsOf({ data, dims }) {
  let [energy, top, nonzero] = [0, 0, 0];
  for (const x of data) {
    energy += x * x;
    if (x !== 0) nonzero++;
    if (Math.abs(x) > top) top = Math.abs(x);
  }
  return { rms: Math.sqrt(energy / data.length), top, nonzero: nonzero / data.length, dims: dims.slice(1) };
}

/** Runs the part of a network behind a cut and compares its answers with those to the untouched tensors. */
export class StackJudge {
  constructor({ features, folder, name, count }) {
    Object.assign(this, { features, name });
    this.id = `${basename(folder)}${count === undefined ? '' : `/${count}`} | ${name}`;
    const [stack, reference] = [loadStack(folder, name), loadStack(folder, OUTPUT)];
    this.stack = count === undefined || count >= stack.dims[0] ? stack : firstOf(stack, count);
    this.reference = reference;
    this.classes = reference.dims[1];
  }

  /** KL and agreement of every item for a stack of decoded tensors. */
  async judge(data) {
    this.session ??= await this.features.tail(this.name);
    const [count, ...dims] = this.stack.dims;
    const size = data.length / count;
    const result = { kl: [], agreement: [] };
    for (let first = 0; first < count; first += BATCH) {
      const wide = Math.min(BATCH, count - first);
      const part = data.subarray(first * size, (first + wide) * size);
      const { data: logits } = await runOne(this.session, this.name, part, [wide, ...dims]);
      for (let i = 0; i < wide; i++) {
        const at = (first + i) * this.classes;
        const [reference, other] = [this.reference.data.subarray(at, at + this.classes), i * this.classes];
        const { kl, agreement } = divergence(reference, logits.subarray(other, other + this.classes));
        // Six digits are enough for every table, and the store stays small.
        result.kl.push(Number(kl.toPrecision(6)));
        result.agreement.push(agreement);
      }
    }
    return result;
  }
}
