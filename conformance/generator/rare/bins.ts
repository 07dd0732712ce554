/** Bins and tables at their bounds (§ 7, § 8). */
import { type BinList, type Bins, bin, expand, type Uniform } from '../bins.ts';
import type { Collection, Notes } from '../collection.ts';
import { type Setup, setupOf } from '../model.ts';
import { family, inlineFor, levelsFor, SMALL, type Source, UNITS } from '../samples.ts';
import type { Inline } from '../tables.ts';
import { LANES } from '../valid/coder.ts';

const RARE: Notes = { drawer: 'legal-but-rare' };

/** A tensor of these levels, one row. */
function row(levels: readonly number[], some: Partial<Setup>): Setup {
  return setupOf({ type: 'float32', dims: [levels.length], step: 2 ** -8, tables: family(1, 0, 20), ...some });
}

/** Bins. */
export function rareBins(out: Collection, source: Source): void {
  const good = (id: string, about: string, sections: string, s: Setup, levels: number[]) =>
    out.good(id, about, sections, s, { levels }, RARE);
  const uniform = (some: Partial<Uniform>): Uniform => ({ ...(SMALL as Uniform), ...some });
  const extremes = [0, 1, -1, 2 ** 30, -(2 ** 30), 2 ** 31 - 1, -(2 ** 31) + 1, 2 ** 30 - 1, 3, -5, 12345, -6789012];
  for (const lanes of LANES) {
    const bins = uniform({ positive: 0, escapes: 31, firstBits: 0 });
    const s = row(extremes, { lanes, bins, tables: family(1, 0, 47) });
    good(`escapes-to-2-30-lanes-${lanes}`, 'escapes of 0 to 30 bits on both sides', '7 8.2 12.3 12.4', s, extremes);
    const whole: BinList = { kind: 'list', bins: [bin(-(2 ** 31), 32)] };
    const all = [...extremes, -(2 ** 31), 2 ** 31 - 1, 0x55555555];
    const t = row(all, { lanes, bins: whole, type: 'int32', domain: 'integer' });
    good(`bins-one-of-32-bits-lanes-${lanes}`, 'one bin that holds all levels', '7 12.3 12.4', t, all);
  }
  const some = (id: string, about: string, bins: Bins, levels: number[], more: Partial<Setup> = {}) =>
    good(id, about, '7', row(levels, { bins, ...more }), levels);
  some(
    'bins-256-uniform',
    '256 tokens',
    uniform({ positive: 120, escapes: 8, negative: 119, negativeEscapes: 8 }),
    [0, 120, -119, 374, -374],
  );
  some('bins-first-bits-32', 'f = 32 without an escape', uniform({ escapes: 0, firstBits: 32 }), [0, 3, -3]);
  some(
    'bins-equal-sides-written',
    'both sides written although they are equal',
    uniform({ negative: 3, negativeEscapes: 12 }),
    [0, 9, -9],
  );
  some('bins-zero-only', 'no unit bin, no escape: a single token', uniform({ positive: 0, escapes: 0 }), [0, 0, 0]);
  some(
    'bins-more-shrinks-than-units',
    'shrinks 2 and 3 have no bin',
    uniform({ positive: 1, shrinks: [5, -127, 127] }),
    [0, 1, -1, 2, -2],
  );
  some('bins-shrinks-of-zero', 'three shrinks of 0', uniform({ shrinks: [0, 0, 0] }), [0, 1, -1, 2, -3]);
  const listed = [bin(-2, 1), bin(0), bin(1), bin(2, 2)];
  some(
    'bins-list-all-flags',
    'stride 1 and delta 0 written out',
    { kind: 'list', bins: listed, flags: 'all' },
    [-2, -1, 0, 1, 2, 5],
  );
  const many = Array.from({ length: 256 }, (_, i) => bin(3 * i - 300, i % 2, 1, (i % 7) - 3));
  some('bins-list-256', '256 bins', { kind: 'list', bins: many }, [-300, -297, -296, 0, 3, 4, 465]);
  const widest = [bin(-(2 ** 31), 0, 2 ** 32 - 1, 127)];
  some('bins-stride-2-32', 'one level, the widest stride', { kind: 'list', bins: widest }, [-(2 ** 31), -(2 ** 31)]);
  const strides = [bin(-(2 ** 31), 15, 65535, -128), bin(0, 10, 2097151, 127)];
  const far = [-(2 ** 31), -(2 ** 31) + 65535 * 32767, 0, 2097151 * 1023];
  some('bins-wide-strides', 'long bins with wide strides and the largest deltas', { kind: 'list', bins: strides }, far);
  const ends = [bin(-(2 ** 31)), bin(0), bin(2 ** 31 - 1)];
  some('bins-at-both-ends', 'the lowest and the highest level', { kind: 'list', bins: ends }, [
    -(2 ** 31),
    0,
    2 ** 31 - 1,
  ]);
  zeroTokens(out, source);
}

/** Contexts depend on the zero token and on ranks up to 63. */
function zeroTokens(out: Collection, source: Source): void {
  const cases: [string, string, number[]][] = [
    ['below', 'no bin reaches 0: the zero token is the last', [-9, -7, -5, -4]],
    ['above', 'all bins above 0: the zero token is the first', [2, 4, 7, 8]],
    ['gap', 'no bin holds 0: the zero token is the first bin above', [-5, -3, 4, 6]],
  ];
  for (const [name, about, lowers] of cases) {
    const random = source(`zero ${name}`);
    const bins: Bins = { kind: 'list', bins: lowers.map((l) => bin(l)) };
    const levels = random.list(48, () => random.pick(lowers));
    const s = { type: 'float32', dims: [1, 2, 4, 6], layout: 'nchw', step: 1, thresholds: [1, 2, 4] } as const;
    const setup = setupOf({
      ...s,
      dims: [...s.dims],
      thresholds: [...s.thresholds],
      bins,
      tables: inlineFor(bins, levels, random, 4),
    });
    out.good(`zero-token-${name}`, about, '7 9.2', setup, { levels }, RARE);
  }
  const random = source('ranks');
  const bins: Bins = { kind: 'uniform', positive: 100, escapes: 2, firstBits: 4 };
  const levels = random.list(70, (i) => (i % 3 ? random.between(-100, 100) : random.pick([63, 62, -63, -64, 100])));
  const s = setupOf({ type: 'int16', dims: [1, 2, 5, 7], layout: 'nchw', domain: 'integer', bins });
  const thresholds = [1, 2, 62, 63, 64, 125, 126];
  const tables = family(16, 0, 10, 2, 11);
  const about = 'seven thresholds up to 126; ranks end at 63';
  out.good('rank-63', about, '7 9.2', { ...s, thresholds, tables, classes: { channels: [0, 1] } }, { levels }, RARE);
}

/** Tables. */
export function rareTables(out: Collection, source: Source): void {
  const random = source('tables');
  const levels = levelsFor(60, random, 7);
  const tokens = expand(UNITS).length;
  const units = (id: string, about: string, tables: Setup['tables'], some: Partial<Setup> = {}, list = levels) => {
    const s = setupOf({ type: 'int8', dims: [4, 15], domain: 'integer', bins: UNITS, tables, ...some });
    out.good(id, about, '2.1 8 8.1 8.2 8.3', s, { levels: list }, RARE);
  };
  const inline = (logs: number[][], more: Partial<Inline> = {}): Inline => ({
    kind: 'inline',
    precision: 12,
    logs,
    ...more,
  });
  const fill = (q: number) => Array<number>(tokens).fill(q);
  units('table-flat-49', 'all logs 49', inline([fill(49)]));
  units('table-flat-1', 'all logs 1', inline([fill(1)]));
  const one = fill(0).map((_, i) => (i === 7 ? 23 : 0));
  units(
    'table-one-token',
    'one token has all the mass',
    inline([one]),
    {},
    levels.map(() => 0),
  );
  units('table-extremes', 'logs 49 and 1: frequencies of 1', inline([fill(1).map((q, i) => (i === 7 ? 49 : q))]));
  const zigzag = fill(0).map((_, i) => (i % 2 ? 49 : 1));
  for (const k of [0, 7])
    units(`table-list-k-${k}`, `integer lists with k = ${k}`, inline([zigzag, zigzag], { style: { k } }));
  const escapes = inline([zigzag], { style: { k: 3, escape: [0, 1, 4, 14] } });
  units('table-list-long-escapes', 'residuals as 32-bit escapes that would not need them', escapes);
  const alternate = inline([zigzag, fill(9), zigzag, fill(40)], { fromPrevious: [1, 3] });
  units('tables-previous', 'tables 1 and 3 predicted from the one before', alternate, {
    classes: { rows: false, channels: byFour() },
  });
  const sixtyFour = inline(
    random.list(64, () => random.list(tokens, () => random.between(1, 49))),
    { fromPrevious: [7, 8, 9, 63] },
  );
  units('tables-64-inline', '64 inline tables', sixtyFour, { classes: { channels: byFour() } });
  units('tables-64-family', '64 equal family tables', family(64, 2, 9, 0), { classes: { channels: byFour() } });
  units('tables-48-family', 'scales 0 to 47', family(48, 3, 0, 1), { classes: { channels: byFour() } });
  units('tables-unused', 'five tables, no classes: the first is used', family(5, 0, 4, 7));
  units('family-increment-unused', 'one table, increment 255', family(1, 0, 6, 255));
  const wide: Bins = { kind: 'uniform', positive: 110, escapes: 17, firstBits: 14 };
  for (const shape of [0, 3]) {
    for (const [first, precision] of [
      [0, 9],
      [47, 12],
    ]) {
      const list = levelsFor(60, source(`wide ${shape}`), 60, [110, -111, 20000, -(2 ** 30)]);
      const s = { type: 'int32' as const, bins: wide, lanes: 2 as const };
      const name = `family-wide-shape-${shape}-scale-${first}`;
      units(name, '255 tokens, escapes of up to 30 bits', family(1, shape, first, 0, precision), s, list);
    }
  }
  // A level whose place is met by a sample of a very wide bin: weights of 1 and of nearly 2^55.
  const odd = 2 ** 27 - 1;
  const heavy: Bins = { kind: 'list', bins: [bin(-(2 ** 31)), bin((1 - odd) / 2, 0, 8 * odd), bin(2 ** 31 - 9, 3)] };
  const ends = levels.map((_, i) => [-(2 ** 31), (1 - odd) / 2, (1 - odd) / 2, 2 ** 31 - 9 + (i % 8)][i % 4]);
  const huge = { type: 'int32' as const, bins: heavy };
  units('family-weights-1-and-2-55', 'weights of more than 48 bits: the smallest stay', family(2, 0, 0, 1), huge, ends);
  const crowded: Bins = { kind: 'uniform', positive: 127, escapes: 0, firstBits: 0 };
  const logs = [Array.from({ length: 255 }, (_, i) => (i === 127 || i === 130 ? 49 : 1 + (i % 3)))];
  const full = { type: 'int16' as const, bins: crowded };
  units(
    'table-normalise-down',
    '255 tokens in 512 slots: the largest pay for the ones',
    inline(logs, { precision: 9 }),
    full,
  );
  const halves = [fill(0).map((_, i) => (i > 6 && i < 10 ? 12 : 0))];
  units(
    'table-normalise-tie',
    'equal largest frequencies: the lowest token takes the rest',
    inline(halves, { precision: 10 }),
    {},
    levels.map((x) => Math.abs(x) % 3),
  );
}

/** Some classes for 15 channels, beyond the tables on both sides. */
function byFour(): number[] {
  return Array.from({ length: 15 }, (_, i) => (i * 5) % 63).map((c, i) => (i === 3 ? -63 : i === 9 ? 63 : c));
}
