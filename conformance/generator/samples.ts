/** Ingredients of vectors: levels, tables that fit them, elements. */
import { type Bins, codeLevel, expand } from './bins.ts';
import { rangeOf, type Type, widthOf } from './elements.ts';
import { type Body, codedView, type Setup, setupOf } from './model.ts';
import type { Random } from './random.ts';
import { type Family, type Inline, logOfCount } from './tables.ts';

/** Makes the random numbers of a vector. */
export type Source = (name: string) => Random;

/** Three unit bins on either side, escapes up to 2^12. */
export const SMALL: Bins = { kind: 'uniform', positive: 3, escapes: 12, firstBits: 0 };

/** Levels −7 … 7 without any offset bits. */
export const UNITS: Bins = { kind: 'uniform', positive: 7, escapes: 0, firstBits: 0 };

/** Family tables. */
export function family(count: number, shape = 0, first = 12, increment = 1, precision = 12): Family {
  return { kind: 'family', precision, count, shape, first, increment };
}

/** Inline tables for levels: the first by their histogram, the others near it. */
export function inlineFor(bins: Bins, levels: readonly number[], random: Random, count = 1, precision = 12): Inline {
  const list = expand(bins);
  const counts = list.map(() => 0);
  for (const level of levels) counts[codeLevel(list, level).token] += 1;
  const top = Math.max(...counts, 1);
  const base = counts.map((n) => logOfCount(n, top));
  if (levels.length === 0) base[0] = 1;
  const shake = (q: number) => (q === 0 ? 0 : Math.max(1, Math.min(49, q + random.between(-3, 3))));
  return {
    kind: 'inline',
    precision,
    logs: random.list(count, (t) => (t === 0 ? base : base.map(shake))),
  };
}

/** Small levels, and a few large ones where bins allow them. */
export function levelsFor(n: number, random: Random, most = 7, outliers: readonly number[] = []): number[] {
  const out = random.list(n, () => random.peaked(most));
  outliers.forEach((level, i) => {
    if (n > 0) out[(i * 7 + 3) % n] = level;
  });
  return out;
}

/** Elements of every kind a type has, as raw bytes. */
export function elementsOf(type: Type, n: number, random: Random): number[] {
  const special: Record<string, number[]> = {
    float32: [0, 0x80000000, 1, 0x80000001, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001],
    float16: [0, 0x8000, 1, 0x8001, 0x3ff, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x7c01],
    bfloat16: [0, 0x8000, 1, 0x8001, 0x7f, 0x7f7f, 0xff7f, 0x7f80, 0xff80, 0x7fc0, 0x7f81],
  };
  const list = special[type] ?? [0, 1, ...rangeOf(type), rangeOf(type)[1] - 1];
  const mask = 2 ** (8 * widthOf(type));
  return random.list(n, (i) => (i < list.length ? list[i] : random.next() % mask));
}

/** A setup and a body that codes random small levels, for vectors about something else. */
export function coded(some: Partial<Setup>, random: Random, outliers: readonly number[] = [37, -300]): [Setup, Body] {
  const s = setupOf({ type: 'float32', dims: [2, 3, 4, 5], layout: 'nchw', step: 0.25, bins: SMALL, ...some });
  const view = codedView(s, s.dims);
  const n = view.rows * view.channels * view.height * view.width;
  const most = s.bins === UNITS ? 7 : 3;
  const levels = levelsFor(n, random, most, s.bins === SMALL ? outliers : []);
  if (s.dense) return [{ ...s, bins: undefined, tables: undefined }, { levels }];
  return [{ ...s, tables: s.tables ?? family(s.trellis ? 2 : 1) }, { levels }];
}
