/** Bins, tables, lanes (§ 7, § 8, § 12). */
import { type Bins, bin } from '../bins.ts';
import type { Collection } from '../collection.ts';
import type { Setup } from '../model.ts';
import { coded, family, inlineFor, levelsFor, SMALL, type Source, UNITS } from '../samples.ts';

/** Lane counts. */
export const LANES: readonly Setup['lanes'][] = [1, 2, 4, 8, 32];

/** Unevenly spaced bins with strides and deltas. */
export const LISTED = {
  kind: 'list',
  bins: [bin(-4096, 4, 100, -20), bin(-64, 5, 2), bin(0), bin(1, 0, 1, 90), bin(2, 3, 3, -128), bin(40, 10, 1, 127)],
} satisfies Bins;

/** Every lane layout, both sources of tables, kinds of bins. */
export function coderVectors(out: Collection, source: Source): void {
  for (const lanes of LANES) {
    const random = source(`lanes ${lanes}`);
    const name = `lanes-${lanes}`;
    const [s, b] = coded({ lanes, tables: family(1, 1, 10) }, random);
    out.good(name, `${lanes} lane(s), a family table, offsets`, '5.2 8.2 12.1 12.2 12.3 12.4', s, b);
    const [u, units] = coded({ lanes, bins: UNITS, dims: [7, 21], layout: 'rows' }, random);
    const tables = inlineFor(UNITS, units.levels!, random);
    const about = `${lanes} lane(s), inline table, no bin with offsets`;
    out.good(`${name}-units`, about, '5.2 8.1 12.1 12.2', { ...u, tables }, units);
  }
  for (const precision of [12, 11, 10, 9]) {
    const random = source(`precision ${precision}`);
    const [s, b] = coded({ tables: family(1, 0, 8, 1, precision) }, random);
    out.good(`precision-${precision}-family`, `family table of 2^${precision}`, '8 8.2 8.3', s, b);
    const inline = { ...s, tables: inlineFor(SMALL, b.levels!, random, 1, precision) };
    out.good(`precision-${precision}-inline`, `inline table of 2^${precision}`, '8 8.1 8.3', inline, b);
  }
  for (const shape of [0, 1, 2, 3]) {
    const [s, b] = coded({ tables: family(1, shape, 15, 3) }, source(`shape ${shape}`));
    out.good(`family-shape-${shape}`, `family of shape ${shape}, an odd scale`, '8.2', s, b);
  }
  bins(out, source);
}

function bins(out: Collection, source: Source): void {
  const random = source('bins');
  const shrinks: Bins = { kind: 'uniform', positive: 5, escapes: 4, firstBits: 1, shrinks: [40, -7, 127] };
  const [s, b] = coded({ bins: shrinks, layout: 'rows', dims: [6, 10] }, random);
  out.good('bins-shrinks', 'three unit bins drawn towards zero or away', '7 11', s, b);
  const lopsided: Bins = {
    kind: 'uniform',
    positive: 6,
    escapes: 5,
    negative: 0,
    negativeEscapes: 2,
    firstBits: 3,
    shrinks: [-127],
  };
  const levels = levelsFor(60, random, 6, [-24, 9, 254, -1]).map((x) => Math.max(x, -24));
  const uneven = { ...s, bins: lopsided, tables: inlineFor(lopsided, levels, random) };
  out.good('bins-not-symmetric', 'sides of different lengths, no negative unit bin', '7', uneven, { levels });
  const listed = random.list(60, () => {
    const chosen = random.pick(LISTED.bins);
    return chosen.lower + chosen.stride * random.between(0, 2 ** chosen.bits - 1);
  });
  for (const lanes of [1, 4] as const) {
    const list = { ...s, lanes, bins: LISTED, tables: inlineFor(LISTED, listed, random) };
    out.good(`bins-list-lanes-${lanes}`, 'a list with gaps, strides and deltas', '7 11 12.4', list, { levels: listed });
  }
}
