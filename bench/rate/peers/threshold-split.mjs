// A sibling of the paper, arXiv 2511.04002, as far as its abstract says: values above a threshold are kept apart and exact,
// the rest is quantised row by row (token by token) with as many bits as the row needs.
import { BitReader, BitWriter, halfBits, halfValue } from './bits.mjs';

const MAX_BITS = 12;

/** Rows: tokens of a matrix, channels of planes. */
function rowsOf(dims) {
  const rows = dims.length > 3 ? dims[1] : dims.slice(0, -1).reduce((a, b) => a * b, 1);
  return { rows, width: dims.reduce((a, b) => a * b, 1) / rows };
}

/** Minimum and step of the values below the threshold as f16 bits, and their levels' error. */
function tryBits(row, edge, bits) {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of row) {
    if (Math.abs(x) > edge) continue;
    if (x < low) low = x;
    if (x > high) high = x;
  }
  if (low > high) low = high = 0;
  const head = [halfBits(low), halfBits(bits === 0 ? 0 : (high - low) / (2 ** bits - 1))];
  const [start, step] = bits === 0 ? [halfValue(halfBits((low + high) / 2)), 0] : head.map(halfValue);
  if (bits === 0) head[0] = halfBits((low + high) / 2);
  let error = 0;
  const levels = Int32Array.from(row, (x) => {
    if (Math.abs(x) > edge) return -1;
    const level = step > 0 ? Math.max(0, Math.min(2 ** bits - 1, Math.round((x - start) / step))) : 0;
    error += (x - start - level * step) ** 2;
    return level;
  });
  return { head, levels, error };
}

function encode({ data, dims }, { threshold, distortion }) {
  const { rows, width } = rowsOf(dims);
  const rms = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
  const columnBits = Math.ceil(Math.log2(width));
  const out = new BitWriter();
  for (let r = 0; r < rows; r++) {
    const row = data.subarray(r * width, (r + 1) * width);
    let bits = 0;
    let found = tryBits(row, threshold * rms, 0);
    while (found.error > (distortion * rms) ** 2 * width && bits < MAX_BITS)
      found = tryBits(row, threshold * rms, ++bits);
    const kept = [...found.levels.keys()].filter((i) => found.levels[i] < 0);
    out.push(bits, 4);
    out.push(kept.length, columnBits + 1);
    for (const number of found.head) out.push(number, 16);
    for (const i of kept) {
      out.push(i, columnBits);
      out.push(halfBits(row[i]), 16);
    }
    for (const level of found.levels) if (level >= 0) out.push(level, bits);
  }
  return out.finish();
}

function decode(stream, { dims }) {
  const { rows, width } = rowsOf(dims);
  const columnBits = Math.ceil(Math.log2(width));
  const source = new BitReader(stream);
  const data = new Float32Array(rows * width);
  for (let r = 0; r < rows; r++) {
    const bits = source.pull(4);
    const kept = source.pull(columnBits + 1);
    const [start, step] = [halfValue(source.pull(16)), halfValue(source.pull(16))];
    const exact = new Map();
    for (let k = 0; k < kept; k++) {
      const i = source.pull(columnBits);
      exact.set(i, halfValue(source.pull(16)));
    }
    for (let i = 0; i < width; i++) data[r * width + i] = exact.get(i) ?? start + source.pull(bits) * step;
  }
  return data;
}

const DISTORTIONS = [0.9, 0.75, 0.6, 0.5, 0.42, 0.35, 0.3, 0.25, 0.21, 0.18, 0.15, 0.12, 0.1, 0.08, 0.06, 0.04, 0.02];

export default {
  name: 'threshold split + bits by token (2511.04002)',
  class: 'self-contained',
  about:
    'as far as the abstract defines it: outliers as f16 with their columns, the rest in N bits a row; own implementation',
  variants: [2, 3, 4, 6, 12].map((threshold) => ({
    label: `above ${threshold} rms`,
    ladder: () => DISTORTIONS.map((distortion) => ({ threshold, distortion })),
  })),
  encode,
  decode,
};
