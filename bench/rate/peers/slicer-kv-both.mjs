// Our own codec on keys and values of a block as one stream: what depends on both is sent once, and so is what a body takes beside
// its levels.
import { CALIBRATED } from './slicer-kv.mjs';
import { oursByToken } from './slicer-stream.mjs';

const together = oursByToken('slicer, transform, trellis, keys with values', CALIBRATED);

/** Rows of two stacks side by side, those of the second made larger by a factor. */
function join({ data: a, dims }, { data: b }, factor) {
  const width = dims.at(-1);
  const out = new Float32Array(a.length + b.length);
  for (let row = 0; row < a.length / width; row++) {
    out.set(a.subarray(row * width, (row + 1) * width), 2 * row * width);
    for (let c = 0; c < width; c++) out[(2 * row + 1) * width + c] = factor * b[row * width + c];
  }
  return { data: out, dims: [...dims.slice(0, -1), 2 * width] };
}

/** The two stacks again. */
function part(data, width, factor) {
  const [k, v] = [new Float32Array(data.length / 2), new Float32Array(data.length / 2)];
  for (let i = 0; i < k.length; i++) {
    const at = 2 * width * Math.floor(i / width) + (i % width);
    k[i] = data[at];
    v[i] = data[at + width] / factor;
  }
  return { k, v };
}

export default [
  {
    ...together,
    /** Codes keys and values of a passage under the step of the keys; values are scaled so that it is theirs too. */
    async runBoth({ k, v }, setting, known) {
      const factor = setting.k.step / setting.v.step;
      const calibration = {
        cut: `${known.k.cut} ${known.v.cut} ${factor.toPrecision(4)}`,
        stack: join(known.k.stack, known.v.stack, factor),
      };
      const { data, bytes } = await together.run(join(k, v, factor), setting.k, { calibration });
      return { ...part(data, k.dims.at(-1), factor), bytes: bytes.reduce((a, b) => a + b, 0) };
    },
  },
];
