/** Bins and tokens (§ 7). */
import { varint, zigzag } from './bytes.ts';

/** A set of levels: lower + i · stride, 0 ≤ i < 2^bits. */
export interface Bin {
  lower: number;
  bits: number;
  stride: number;
  delta: number;
}

/** The two ways to write bins. */
export type Bins = Uniform | BinList;

/** Unit bins around zero, and escapes that double. */
export interface Uniform {
  kind: 'uniform';
  positive: number;
  escapes: number;
  /** Absent: symmetric. */
  negative?: number;
  negativeEscapes?: number;
  firstBits: number;
  shrinks?: number[];
}

/** Any bins. A flag that could be left out (stride 1, delta 0) is written if asked for. */
export interface BinList {
  kind: 'list';
  bins: Bin[];
  flags?: 'all';
}

/** A list bin, with what is usual left out. */
export function bin(lower: number, bits = 0, stride = 1, delta = 0): Bin {
  return { lower, bits, stride, delta };
}

/** One past the last level of a bin's extent. */
export function endOf(b: Bin): number {
  return b.lower + 2 ** b.bits * b.stride;
}

/** The bins in token order. */
export function expand(bins: Bins): Bin[] {
  if (bins.kind === 'list') return bins.bins;
  const shrinks = bins.shrinks ?? [];
  const positive = oneSide(bins.positive, bins.escapes, bins.firstBits, shrinks);
  const negative = oneSide(
    bins.negative ?? bins.positive,
    bins.negativeEscapes ?? bins.escapes,
    bins.firstBits,
    shrinks,
  );
  const mirrored = negative.map((b) => ({ ...b, lower: 1 - endOf(b), delta: -b.delta || 0 })).reverse();
  return [...mirrored, bin(0), ...positive];
}

function oneSide(units: number, escapes: number, firstBits: number, shrinks: readonly number[]): Bin[] {
  const out: Bin[] = [];
  for (let i = 1; i <= units; i++) out.push(bin(i, 0, 1, -(shrinks[i - 1] ?? 0) || 0));
  let lower = units + 1;
  for (let j = 0; j < escapes; j++) {
    out.push(bin(lower, firstBits + j));
    lower += 2 ** (firstBits + j);
  }
  return out;
}

/** The field. */
export function binBytes(bins: Bins): number[] {
  if (bins.kind === 'uniform') {
    const { positive, escapes, negative, negativeEscapes, firstBits, shrinks = [] } = bins;
    const symmetric = negative === undefined;
    return [
      (shrinks.length << 2) | (symmetric ? 16 : 0),
      ...varint(positive),
      escapes,
      ...(symmetric ? [] : [...varint(negative), negativeEscapes ?? escapes]),
      firstBits,
      ...shrinks.map((s) => s & 0xff),
    ];
  }
  const out = [1, ...varint(bins.bins.length)];
  bins.bins.forEach((b, i) => {
    const all = bins.flags === 'all';
    out.push(...varint(i === 0 ? zigzag(b.lower) : b.lower - endOf(bins.bins[i - 1])));
    out.push(b.bits | (all || b.stride !== 1 ? 64 : 0) | (all || b.delta !== 0 ? 128 : 0));
    if (all || b.stride !== 1) out.push(...varint(b.stride));
    if (all || b.delta !== 0) out.push(b.delta & 0xff);
  });
  return out;
}

/** The zero token. */
export function zeroToken(bins: readonly Bin[]): number {
  const found = bins.findIndex((b) => endOf(b) - 1 >= 0);
  return found < 0 ? bins.length - 1 : found;
}

/** A level as its bin codes it. */
export interface Coded {
  token: number;
  offset: number;
}

/** Finds the token of a level; a level that no bin holds is a mistake in a vector's definition. */
export function codeLevel(bins: readonly Bin[], level: number): Coded {
  let low = 0;
  let high = bins.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (bins[middle].lower <= level) low = middle;
    else high = middle - 1;
  }
  const b = bins[low];
  const offset = (level - b.lower) / b.stride;
  if (!(Number.isInteger(offset) && offset >= 0 && offset < 2 ** b.bits))
    throw new Error(`no bin holds level ${level}`);
  return { token: low, offset };
}
