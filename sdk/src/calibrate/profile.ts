/** Writing profiles (`spec/profile.md`). */
import { ByteWriter, writeClassList } from './bits.js';
import type { CurvePoint, ProfileParts, Tools } from './parts.js';

const MAGIC = [0x53, 0x4c, 0x43, 0x50];
/** Version and draft. */
const VERSION = [0, 2];
/** Sections by bit. */
const Section = { mean: 1, classes: 2, transform: 4, forward: 8, recipe: 16, curve: 32 } as const;
/** Classes of a channel: quarter octaves, as far from the mean as the core's own. */
const CLASS_RANGE = 24;

/** A profile as bytes. */
export interface WrittenProfile {
  readonly bytes: Uint8Array;
  /** The first eight bytes of its hash, in hexadecimal. */
  readonly id: string;
}

/** The bytes of a profile. Equal parts give equal bytes. */
export async function writeProfile(parts: ProfileParts): Promise<WrittenProfile> {
  const { channels, transform, curve } = parts;
  const content = new ByteWriter();
  const { mean, classes, recipe } = Section;
  const matrices = transform ? Section.transform | Section.forward : 0;
  const means = parts.tools.mean ? mean : 0;
  content.varint(means | classes | recipe | matrices | (curve.length > 0 ? Section.curve : 0));
  content.varint(channels);
  if (means) for (const value of parts.mean) content.f32(value);
  writeClassList(content, classesOf(parts.sigma));
  if (transform) {
    const { rank, forward, inverse } = transform;
    content.varint(rank);
    writeClassList(content, classesOf(transform.sigma));
    for (let k = 0; k < rank; k++) column(content, channels, (c) => inverse[c * rank + k]);
    for (let k = 0; k < rank; k++) column(content, channels, (c) => forward[k * channels + c]);
  }
  content.u8(recipeOf(parts.tools));
  if (curve.length > 0) {
    const points = monotone(curve);
    content.varint(points.length);
    for (const { step, bytes, kl } of points) for (const value of [step, bytes, kl]) content.f32(value);
  }
  const body = content.result();
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', body));
  const out = new ByteWriter();
  out.raw([...MAGIC, ...VERSION]);
  out.raw(hash);
  out.raw(body);
  const id = Array.from(hash.subarray(0, 8), (b) => b.toString(16).padStart(2, '0')).join('');
  return { bytes: out.result(), id };
}

/** A scale, then an integer per channel: the largest entry takes the whole range. */
function column(out: ByteWriter, channels: number, at: (channel: number) => number): void {
  let top = 0;
  for (let c = 0; c < channels; c++) top = Math.max(top, Math.abs(at(c)));
  // A column of zeros still needs a positive scale.
  const scale = Math.fround(top / 32767) || Math.fround(1e-30);
  out.f32(scale);
  const whole = new Int16Array(channels);
  for (let c = 0; c < channels; c++) whole[c] = Math.max(-32768, Math.min(32767, Math.round(at(c) / scale)));
  out.i16(whole);
}

/** Classes: the scale of each channel relative to all, in quarter octaves. */
export function classesOf(sigma: ArrayLike<number>): Int8Array {
  const energy = Array.from(sigma, (s) => s * s);
  const mean = energy.reduce((a, b) => a + b, 0) / energy.length;
  return Int8Array.from(energy, (e) => {
    if (!(e > 0)) return -CLASS_RANGE;
    return Math.max(-CLASS_RANGE, Math.min(CLASS_RANGE, Math.round(2 * Math.log2(e / mean))));
  });
}

/** The tools as bits. */
function recipeOf(tools: Tools): number {
  const { transform, dct, frequencyWeight, trellis, dense, energy } = tools;
  const bits = [transform, dct, frequencyWeight, trellis, dense, energy];
  return bits.reduce((sum, on, bit) => sum | (on ? 1 << bit : 0), 0);
}

/**
 * The curve with ascending steps, falling bytes and rising KL: neighbours that noise has put out of order share their
 * geometric mean. Points that the format cannot hold are left out.
 */
export function monotone(curve: readonly CurvePoint[]): CurvePoint[] {
  const points = curve
    .filter((p) =>
      [p.step, p.bytes, p.kl].every((x) => Math.fround(x) > 0 && Math.fround(x) < Number.POSITIVE_INFINITY),
    )
    .sort((a, b) => a.step - b.step)
    .filter((p, i, all) => i === 0 || Math.fround(p.step) > Math.fround(all[i - 1].step));
  const kl = pooled(points.map((p) => Math.log(p.kl)));
  const bytes = pooled(points.map((p) => -Math.log(p.bytes)));
  return points.map(({ step }, i) => ({ step, bytes: Math.exp(-bytes[i]), kl: Math.exp(kl[i]) }));
}

/** The closest rising sequence: neighbours out of order are replaced by their mean. */
function pooled(values: readonly number[]): number[] {
  const blocks: { sum: number; count: number }[] = [];
  for (const value of values) {
    blocks.push({ sum: value, count: 1 });
    while (blocks.length > 1) {
      const [a, b] = blocks.slice(-2);
      if (a.sum / a.count <= b.sum / b.count) break;
      blocks.splice(-2, 2, { sum: a.sum + b.sum, count: a.count + b.count });
    }
  }
  return blocks.flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count));
}
