/** From levels to the tensor (§ 10, § 11, § 15, § 16). */
import type { Bin } from './bins.ts';
import { f32OfBits } from './bytes.ts';
import { bytesOfElements, convert, imageOf } from './elements.ts';
import { scanOrder, viewOf } from './layout.ts';
import { type Body, codedView, type Setup } from './model.ts';
import { linesOf } from './profile.ts';
import { channelsOf, inverseDct } from './transform.ts';

const BITS = [0x3f800000, 0x3f8b95c2, 0x3f9837f0, 0x3fa5fed7, 0x3fb504f3, 0x3fc5672a, 0x3fd744fd, 0x3feac0c7];
const E = BITS.map(f32OfBits);

/** The factor of a scale code. */
export function scale(code: number): number {
  return E[code & 7] * 2 ** Math.floor(code / 8);
}

/** The effective step of a plane. */
export function effectiveStep(setup: Setup, body: Body, row: number, channel: number): number {
  const round = Math.fround;
  const base = round(round(round(setup.step ?? 0) * scale(body.stepIndex ?? 0)) * scale(0));
  const byRow = round(base * scale(body.rowScales?.[row] ?? 0));
  return round(byRow * scale(setup.scales?.channels?.[channel] ?? 0));
}

const LARGEST = f32OfBits(0x7f7fffff);

/** What places a level in the real domain. */
export type Place = Pick<Bin, 'stride' | 'delta'> & { union: number };

/** The value of one level in the real domain, a binary32. */
export function realValue(p: Place, level: number, step: number): number {
  const point = 256 * level + 128 * (p.stride - 1) + p.delta * p.stride - 128 * p.union * Math.sign(level);
  const value = Math.fround(point * (step / 256));
  return Math.max(-LARGEST, Math.min(LARGEST, value));
}

/** A coded body's elements, little-endian, row-major, and the largest magnitudes that § 11.1 asks for. */
export interface Reconstruction {
  bytes: Uint8Array;
  /** Per row of the view, or one for all where rows are not contiguous in memory; only with § 15 or § 16. */
  magnitudes?: number[];
}

/** The tensor of a coded body: little-endian bytes, row-major. `place` tells of a value's bin and union bit. */
export function tensorOf(
  setup: Setup,
  body: Body,
  dims: readonly number[],
  place: (i: number) => Place,
): Reconstruction {
  const { type, domain } = setup;
  let magnitudes: number[] | undefined;
  const order = scanOrder(dims, viewOf(dims, setup.layout).axes);
  const out = new Float64Array(order.length);
  const levels = body.levels ?? [];
  if (domain === 'real') {
    const { values, largest } = realValues(setup, body, dims, place);
    magnitudes = largest;
    order.forEach((index, i) => {
      if (!Number.isFinite(values[i])) throw new Error('a value that is not finite');
      out[index] = convert(type, values[i]);
    });
  } else {
    order.forEach((index, i) => {
      out[index] = domain === 'integer' ? levels[i] : imageOf(type, levels[i]);
    });
  }
  return { bytes: bytesOfElements(type, out), magnitudes };
}

/** Binary32 values of the view, in scan order, and the largest magnitudes among coefficients and values. */
function realValues(setup: Setup, body: Body, dims: readonly number[], place: (i: number) => Place) {
  const coded = codedView(setup, dims);
  const size = coded.height * coded.width;
  const z = new Float32Array(coded.rows * coded.channels * size);
  let step = 0;
  z.forEach((_, i) => {
    if (i % size === 0) {
      const plane = i / size;
      step = effectiveStep(setup, body, Math.floor(plane / coded.channels), plane % coded.channels);
    }
    z[i] = realValue(place(i), body.levels![i], step);
  });
  const coefficients = z.slice();
  if (setup.dct) {
    for (let at = 0; at < z.length; at += size) {
      z.set(inverseDct(z.slice(at, at + size), coded.height, coded.width, setup.dct === 'weighted'), at);
    }
  }
  const profile = setup.profile?.file.profile;
  const channels = viewOf(dims, setup.layout).channels;
  const y = new Float32Array(coded.rows * channels * size);
  const lines = setup.channelTransform ? linesOf(profile!) : [];
  for (let row = 0; row < coded.rows; row++) {
    const of = z.slice(row * coded.channels * size, (row + 1) * coded.channels * size);
    y.set(setup.channelTransform ? channelsOf(of, lines, size) : of, row * channels * size);
  }
  if (setup.profile?.mean) {
    const { mean } = profile!;
    y.forEach((value, i) => {
      y[i] = Math.fround(value + Math.fround(mean![Math.floor(i / size) % channels]));
    });
  }
  const transformed = setup.dct || setup.channelTransform || setup.profile?.mean;
  return { values: y, largest: transformed ? largestOf(setup, coded.rows, [coefficients, y]) : undefined };
}

/** The largest magnitude of each row in any of the arrays. */
function largestOf(setup: Setup, rows: number, arrays: readonly Float32Array[]): number[] {
  const largest = new Array<number>(rows).fill(0);
  for (const values of arrays) {
    values.forEach((value, i) => {
      const row = Math.floor((i * rows) / values.length);
      largest[row] = Math.max(largest[row], Math.abs(value));
    });
  }
  return typeof setup.layout === 'string' ? largest : [Math.max(0, ...largest)];
}
