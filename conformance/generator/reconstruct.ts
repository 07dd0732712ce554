/** From levels to the tensor (§ 10, § 11). */
import type { Bin } from './bins.ts';
import { f32OfBits } from './bytes.ts';
import { bytesOfElements, convert, imageOf, type Type } from './elements.ts';
import { scanOrder, viewOf } from './layout.ts';
import type { Body, Setup } from './model.ts';

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

/** The value of one level in the real domain, a binary32. */
export function realValue(b: Bin, level: number, step: number): number {
  const point = 256 * level + 128 * (b.stride - 1) + b.delta * b.stride;
  const value = Math.fround(point * (step / 256));
  return Math.max(-LARGEST, Math.min(LARGEST, value));
}

/** The tensor of a coded body: little-endian bytes, row-major. */
export function tensorOf(setup: Setup, body: Body, dims: readonly number[], bins: readonly Bin[], tokens: number[]) {
  const view = viewOf(dims, setup.layout);
  const order = scanOrder(dims, view.axes);
  const out = new Float64Array(order.length);
  const size = view.height * view.width;
  const levels = body.levels ?? [];
  let step = 0;
  order.forEach((index, i) => {
    if (setup.domain === 'real' && i % size === 0) {
      const plane = i / size;
      step = effectiveStep(setup, body, Math.floor(plane / view.channels), plane % view.channels);
    }
    out[index] = elementOf(setup.type, setup.domain, bins[tokens[i]], levels[i], step);
  });
  return bytesOfElements(setup.type, out);
}

function elementOf(type: Type, domain: Setup['domain'], b: Bin, level: number, step: number): number {
  if (domain === 'integer') return level;
  if (domain === 'float-bits') return imageOf(type, level);
  return convert(type, realValue(b, level, step));
}
