/** How far one tensor is from another. */
import { SlicerError } from '../codec/errors.js';
import type { DecodedTensor, Granularity, Layout } from '../codec/types.js';

/** What `diff` reports. Errors are those of b, measured against a. */
export interface Comparison {
  values: number;
  /** All values are the same, signs of zero and NaN payloads included. */
  identical: boolean;
  /** √(Σe²/Σx²) over everything. A zero reference gives 0 when b is zero too, infinity otherwise. */
  nrmse: number;
  /** The same of the group with the largest, and which group that is. */
  worstGroup: { index: number; nrmse: number };
  groups: number;
  maxError: number;
  /** Where the largest error is: index in row-major order, and the values there. */
  maxErrorAt: { index: number; a: number; b: number };
  /** Σb²/Σa². */
  energyRatio: number;
  /** Places where a or b is NaN or infinite. Where both are, and the same, they count as no error. */
  nonFinite: number;
}

/** Rows, channels and plane of some dims, as the codec's layout options define them. */
export function viewOf(
  dims: readonly number[],
  layout: Layout,
): { rows: number; channels: number; plane: number; last: boolean } {
  const rank = dims.length;
  if ((layout === 'nchw' || layout === 'nhwc') && rank < 3) {
    const advice = 'Use --layout auto or rows.';
    throw new SlicerError('invalid_option', `--layout ${layout} needs rank 3 or more; the rank is ${rank}.`, {
      advice,
    });
  }
  if (layout === 'nchw' || (layout === 'auto' && rank >= 4)) {
    return { rows: dims[0], channels: dims[1], plane: product(dims.slice(2)), last: false };
  }
  const channels = dims[rank - 1] ?? 1;
  if (layout === 'nhwc') return { rows: dims[0], channels, plane: product(dims.slice(1, -1)), last: true };
  return { rows: product(dims.slice(0, -1)), channels, plane: 1, last: true };
}

function product(dims: readonly number[]): number {
  return dims.reduce((n, d) => n * d, 1);
}

const PIECE = 1 << 20;

/** Compares b with the reference a. `progress` is told how many values are done. */
export function compare(
  a: DecodedTensor,
  b: DecodedTensor,
  options: { granularity: Granularity; layout: Layout },
  progress: (done: number) => void = () => {},
): Comparison {
  if (a.dims.length !== b.dims.length || a.dims.some((d, i) => d !== b.dims[i])) {
    throw new SlicerError('invalid_tensor', `The shapes [${a.dims.join(', ')}] and [${b.dims.join(', ')}] differ.`, {
      advice: 'Compare arrays of one shape.',
    });
  }
  const [x, y] = [reader(a), reader(b)];
  const { rows, channels, plane, last } = viewOf(a.dims, options.layout);
  const groups = options.granularity === 'tensor' ? 1 : options.granularity === 'row' ? rows : channels;
  const rowSize = channels * plane;
  const groupOf = (i: number) => {
    if (options.granularity === 'tensor') return 0;
    if (options.granularity === 'row') return Math.floor(i / rowSize);
    return last ? i % channels : Math.floor(i / plane) % channels;
  };
  const error = new Float64Array(groups);
  const energy = new Float64Array(groups);
  const energyB = new Float64Array(groups);
  let nonFinite = 0;
  let maxError = 0;
  let at = 0;
  for (let from = 0; from < a.size; from += PIECE) {
    const to = Math.min(a.size, from + PIECE);
    for (let i = from; i < to; i++) {
      const [p, q] = [x(i), y(i)];
      const g = groupOf(i);
      if (!Number.isFinite(p) || !Number.isFinite(q)) {
        nonFinite++;
        if (Object.is(p, q)) continue;
        if (maxError < Number.POSITIVE_INFINITY) at = i;
        maxError = Number.POSITIVE_INFINITY;
        error[g] = Number.POSITIVE_INFINITY;
        continue;
      }
      const e = q - p;
      error[g] += e * e;
      energy[g] += p * p;
      energyB[g] += q * q;
      if (Math.abs(e) > maxError) {
        maxError = Math.abs(e);
        at = i;
      }
    }
    progress(to);
  }
  let worst = { index: 0, nrmse: 0 };
  for (let g = 0; g < groups; g++) {
    const nrmse = relative(error[g], energy[g]);
    if (nrmse > worst.nrmse) worst = { index: g, nrmse };
  }
  const [total, totalB] = [sum(energy), sum(energyB)];
  return {
    values: a.size,
    identical: sameBits(a, b),
    nrmse: relative(sum(error), total),
    worstGroup: worst,
    groups,
    maxError,
    maxErrorAt: { index: at, a: a.size ? x(at) : 0, b: a.size ? y(at) : 0 },
    energyRatio: total === 0 ? (totalB === 0 ? 1 : Number.POSITIVE_INFINITY) : totalB / total,
    nonFinite,
  };
}

function sum(values: Float64Array): number {
  return values.reduce((s, v) => s + v, 0);
}

function relative(error: number, energy: number): number {
  return error === 0 ? 0 : Math.sqrt(error / energy);
}

/** Values as numbers; 16-bit floats are converted one at a time. */
function reader(t: DecodedTensor): (i: number) => number {
  const { data } = t;
  if (t.type === 'float16') return (i) => half(data[i]);
  if (t.type !== 'bfloat16') return (i) => data[i];
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  return (i) => {
    bits[0] = data[i] << 16;
    return value[0];
  };
}

/** The number that 16 bits of IEEE half precision stand for. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function sameBits(a: DecodedTensor, b: DecodedTensor): boolean {
  if (a.type !== b.type) return false;
  const bytes = (t: DecodedTensor) => new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength);
  const [p, q] = [bytes(a), bytes(b)];
  for (let i = 0; i < p.length; i++) if (p[i] !== q[i]) return false;
  return true;
}
