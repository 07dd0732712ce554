/** Frequency tables (§ 8): logs in the stream, or the built-in family; and their normalisation. */
import type { Bin } from './bins.ts';
import { BitWriter, integerList, type ListStyle, varint } from './bytes.ts';

/** Where tables come from. */
export type Tables = Inline | Family;

/** Logs per table and token. */
export interface Inline {
  kind: 'inline';
  precision: number;
  logs: number[][];
  /** Tables predicted from the one before. Default: none. */
  fromPrevious?: readonly number[];
  style?: ListStyle;
}

/** The built-in family. */
export interface Family {
  kind: 'family';
  precision: number;
  count: number;
  shape: number;
  first: number;
  increment: number;
}

const QUARTER_OCTAVES = [32768n, 38968n, 46341n, 55109n];

/** The weight that a log stands for. */
export function weightOfLog(q: number): bigint {
  return q === 0 ? 0n : QUARTER_OCTAVES[(q - 1) & 3] << BigInt((q - 1) >> 2);
}

/** The log whose weight, relative to that of 49 for `top`, is nearest to a count. */
export function logOfCount(count: number, top: number): number {
  if (count === 0) return 0;
  const target = (BigInt(count) * weightOfLog(49)) / BigInt(top);
  let best = 1;
  for (let q = 2; q <= 49; q++) {
    if (distance(weightOfLog(q), target) < distance(weightOfLog(best), target)) best = q;
  }
  return best;
}

function distance(a: bigint, b: bigint): bigint {
  return a < b ? b - a : a - b;
}

/** How many tables there are. */
export function countOf(tables: Tables): number {
  return tables.kind === 'inline' ? tables.logs.length : tables.count;
}

/** The field. */
export function tableBytes(tables: Tables): number[] {
  const head = (tables.kind === 'inline' ? 0 : 1) | ((12 - tables.precision) << 2);
  if (tables.kind === 'family') {
    return [head, ...varint(tables.count), tables.shape, tables.first, tables.increment];
  }
  const bits = new BitWriter();
  tables.logs.forEach((logs, t) => {
    const previous = tables.fromPrevious?.includes(t) ? tables.logs[t - 1] : undefined;
    bits.bit(previous ? 1 : 0);
    const residuals = logs.map((q, i) => q - (previous ? previous[i] : (logs[i - 1] ?? 0)));
    integerList(bits, residuals, tables.style);
  });
  return [head, ...varint(tables.logs.length), ...bits.bytes];
}

/** Frequencies of every table. */
export function frequencies(tables: Tables, bins: readonly Bin[], trellis = false): number[][] {
  if (tables.kind === 'inline') return tables.logs.map((logs) => normalise(logs.map(weightOfLog), tables.precision));
  const out: number[][] = [];
  for (let t = 0; t < tables.count; t++) {
    const scale = tables.first + (trellis ? t >> 1 : t) * tables.increment;
    const union = trellis ? t & 1 : 0;
    out.push(
      normalise(
        bins.map((b) => familyWeight(b, tables.shape, scale, union)),
        tables.precision,
      ),
    );
  }
  return out;
}

/** § 8.2, in integers without bounds; the section's bounds are asserted. */
export function familyWeight(b: Bin, shape: number, scale: number, union: number): bigint {
  const v = (4n * 2n ** BigInt(shape) - 1n) * (scale % 2 === 0 ? 1024n : 1448n) * 2n ** BigInt(scale >> 1);
  assert(v < 2n ** 40n, 'V');
  const low = edge(BigInt(b.lower), union);
  const span = edge(BigInt(b.lower) + 2n ** BigInt(b.bits) * BigInt(b.stride), union) - low;
  let sum = 0n;
  for (let j = 0n; j < 8n; j++) {
    let x = low + (((2n * j + 1n) * span) >> 4n);
    if (x < 0n) x = -x;
    if (x > 2n ** 19n) x = 2n ** 19n;
    let r = (v * 2n ** 24n) / (v + 256n * x * x);
    for (let i = 0; i <= shape; i++) r = (r * r) >> 24n;
    sum += r;
  }
  assert(sum * span < 2n ** 63n, 'sum · span');
  const weight = (sum * span) >> 4n;
  assert(weight < 2n ** 60n, 'weight');
  return weight > 1n ? weight : 1n;
}

/** The lower edge of a level, in 1/16 step. */
function edge(k: bigint, union: number): bigint {
  if (union === 0) return 16n * k - 8n;
  if (k === 0n) return -4n;
  if (k === 1n) return 4n;
  return k < 0n ? 16n * k : 16n * (k - 1n);
}

/** § 8.3. */
export function normalise(weights: readonly bigint[], precision: number): number[] {
  let total = sum(weights);
  assert(total > 0n, 'a table without mass');
  const excess = total.toString(2).length - 48;
  const shift = BigInt(Math.max(0, excess));
  const w = weights.map((x) => (x === 0n ? 0n : x >> shift > 1n ? x >> shift : 1n));
  total = sum(w);
  const f = w.map((x) => {
    if (x === 0n) return 0;
    const scaled = Number((x * 2n ** BigInt(precision + 1) + total) / (2n * total));
    return Math.max(1, scaled);
  });
  for (;;) {
    const rest = 2 ** precision - f.reduce((a, b) => a + b, 0);
    if (rest === 0) return f;
    const i = f.indexOf(Math.max(...f));
    f[i] += rest > 0 ? rest : -Math.min(-rest, Math.floor(f[i] / 2));
  }
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n);
}

function assert(condition: boolean, what: string): void {
  if (!condition) throw new Error(`out of the specified range: ${what}`);
}
