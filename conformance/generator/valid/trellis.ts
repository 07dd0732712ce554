/** The trellis with rANS (§ 17). */
import { profileOf } from '../calibration.ts';
import type { Collection, Notes } from '../collection.ts';
import { TYPES } from '../elements.ts';
import { makerOf } from '../maker.ts';
import { coded, family, inlineFor, SMALL, type Source, UNITS } from '../samples.ts';
import { LANES } from './coder.ts';
import { byIndex } from './planes.ts';

const RARE: Notes = { drawer: 'legal-but-rare' };

/** Every number of lanes, rows that end anywhere, tables in pairs. */
export function trellisVectors(out: Collection, source: Source): void {
  const make = makerOf(out, source, { base: { trellis: true } });
  for (const lanes of LANES) {
    make(`trellis-lanes-${lanes}`, `${lanes} lane(s), offsets`, '8.2 11 12.1 17', { lanes });
    make(`trellis-lanes-${lanes}-units`, `${lanes} lane(s), no offsets`, '8.2 12.1 17', { lanes, bins: UNITS });
    const dims = [3, 4 * lanes + 3];
    const rows = { lanes, dims, layout: 'rows' as const, tables: family(2, 1, 10) };
    make(`trellis-rows-lanes-${lanes}`, 'rows that are no multiple of the lanes', '12.1 17', rows);
    make(`trellis-segments-lanes-${lanes}`, 'segments that end inside rows', '5.2 12.1 17', {
      lanes,
      segmentSize: 2,
      dims: [2, 3, 5, 5],
    });
    for (const n of [1, lanes - 1, lanes + 1, 3 * lanes + 1]) {
      if (n === 0 || (n === 1 && lanes === 2)) continue;
      const id = `trellis-tail-lanes-${lanes}-n-${n}`;
      if (out.has(id)) continue;
      make(id, `${n} value(s) in ${lanes} lanes`, '12.1 17', { lanes, dims: [n], layout: 'rows' }, {}, RARE);
    }
    make(
      `trellis-short-rows-lanes-${lanes}`,
      'rows of three values: lanes change rows before they change states',
      '12.1 17',
      { lanes, dims: [11, 3], layout: 'rows' },
      {},
      RARE,
    );
    const random = source(`trellis far ${lanes}`);
    const [s] = coded({ trellis: true, lanes }, random);
    const wide = { kind: 'uniform', positive: 1, escapes: 30, firstBits: 0 } as const;
    const far = [0, 2 ** 30, -(2 ** 30) + 1, 5, -5, 2 ** 29 + 1, 1, -1, 65537, -70000, 3, 2 ** 30 - 2];
    const extreme = { ...s, bins: wide, dims: [far.length], layout: 'rows' as const, tables: family(2, 0, 47) };
    out.good(
      `trellis-far-lanes-${lanes}`,
      'escapes of 30 bits',
      '11 12.4 17',
      { ...extreme, step: 2 ** -9 },
      { levels: far },
      RARE,
    );
  }
  for (const count of [2, 6]) {
    const random = source(`trellis inline ${count}`);
    const [s, b] = coded({ trellis: true, lanes: 4 }, random);
    const tables = inlineFor(SMALL, b.levels!, random, count);
    out.good(`trellis-inline-${count}`, `${count} inline tables`, '8 8.1 9 17', { ...s, tables }, b);
  }
  for (const shape of [0, 1, 2, 3]) {
    const tables = family(4, shape, 3 + shape, 9);
    const some = { tables, classes: { channels: [0, 1, 2] }, lanes: 2 as const };
    make(`trellis-family-shape-${shape}`, 'two scales, two unions', '8.2 9 17', some);
  }
  for (const precision of [11, 10, 9]) {
    make(`trellis-precision-${precision}`, `tables of 2^${precision}`, '8 8.2 17', {
      tables: family(2, 0, 12, 1, precision),
    });
  }
  make(
    'trellis-classes',
    'classes of rows and channels, two tables each',
    '9 9.1 17',
    { classes: { rows: true, channels: [0, 3, -1] }, tables: family(12, 1, 4, 3), lanes: 8 },
    { rowClasses: [1, 4] },
  );
  make(
    'trellis-tables-128',
    '64 classes of two tables',
    '8 9 17',
    {
      classes: { channels: byIndex(64).map((i) => (i * 11) % 64) },
      tables: family(128, 2, 47, 0),
      dims: [1, 64, 2, 2],
    },
    {},
    RARE,
  );
  const file = profileOf('trellis', source('trellis profile'), 3, { mean: true, classes: true, coefficients: 3 });
  make('trellis-profile-classes', 'classes from a profile', '4.3 9.1 17', {
    profile: { file, classes: true },
    tables: family(8),
  });
  make('trellis-transform-dct', 'trellis, DCT, transform, mean', '15 16 17', {
    profile: { file, mean: true, classes: true },
    channelTransform: true,
    dct: 'weighted',
    lanes: 8,
    tables: family(12),
    dims: [2, 3, 7, 6],
  });
  for (const type of TYPES) {
    make(`trellis-${type}`, `half steps become ${type}`, '11 17', { type, step: 1.5, lanes: 4 });
  }
  make(
    'trellis-scales',
    'a step for every plane',
    '10 17',
    { scales: { rows: true, channels: [0, -6, 9] }, lanes: 2 },
    { rowScales: [3, -3], stepIndex: -1 },
  );
  make('trellis-bare', 'a bare body', '3.2 17', { lanes: 32 }, {}, { bare: true });
  make('trellis-empty', 'no values', '5.2 17', { dims: [0, 3], layout: 'rows' }, {}, RARE);
  make('trellis-list', 'listed bins', '7 17', {
    bins: {
      kind: 'list',
      bins: [
        { lower: -4096, bits: 12, stride: 1, delta: 0 },
        { lower: 0, bits: 0, stride: 1, delta: 0 },
        { lower: 1, bits: 12, stride: 1, delta: 0 },
      ],
    },
    lanes: 8,
  });
}
