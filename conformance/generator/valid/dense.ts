/** The dense coder (§ 18). */
import { profileOf } from '../calibration.ts';
import type { Collection, Notes } from '../collection.ts';
import { imageOf, isFloat, rangeOf, TYPES } from '../elements.ts';
import { type Make, makerOf } from '../maker.ts';
import type { Body, Setup } from '../model.ts';
import { coded, elementsOf, type Source } from '../samples.ts';

const RARE: Notes = { drawer: 'legal-but-rare' };
const ALL = '18.1 18.2 18.3 18.4';

/** Planes and rows, every domain, levels as far as they go. */
export function denseVectors(out: Collection, source: Source): void {
  const make = makerOf(out, source, { base: { dense: true } });
  const row = (levels: number[], some: Partial<Setup> = {}): [Partial<Setup>, Partial<Body>] => [
    { layout: 'rows', dims: [levels.length], ...some },
    { levels },
  ];
  make('dense-planes', 'planes of 4 × 5', ALL, {});
  make('dense-rows', 'planes of one value', ALL, { layout: 'rows', dims: [7, 9] });
  make('dense-one', 'one value', ALL, ...row([3]));
  make('dense-zeros', '64 zeros', ALL, ...row(Array(64).fill(0)));
  make(
    'dense-escapes',
    'magnitudes around 15, and up to 4096',
    '18.4',
    ...row([14, 15, -15, 16, 17, -18, 30, 4096, -4095, 0, 13]),
  );
  for (const trellis of [false, true]) {
    const id = trellis ? 'dense-trellis' : 'dense-plain';
    const more = { trellis, dims: [3, 5, 7, 6] };
    make(`${id}-planes`, 'rows of five planes', `${ALL} 17`, more);
    make(`${id}-rows`, 'rows of eleven values', `${ALL} 17`, { trellis, layout: 'rows', dims: [13, 11] });
    make(`${id}-segments`, 'segments that begin inside rows of planes', `5.2 ${ALL}`, { ...more, segmentSize: 4 });
    make(`${id}-segments-rows`, 'segments that begin inside rows of single values', `5.2 ${ALL}`, {
      trellis,
      layout: 'rows',
      dims: [7, 9],
      segmentSize: 15,
    });
    make(`${id}-nhwc`, 'channels last', `6 ${ALL}`, { trellis, layout: 'nhwc', dims: [2, 5, 4, 3] });
  }
  for (const type of TYPES) {
    make(`dense-${type}`, `values become ${type}`, `11 ${ALL}`, { type, step: 0.7 });
    if (isFloat(type)) {
      const levels = elementsOf(type, 30, source(`dense ${type}`)).map((bits) => imageOf(type, bits));
      const [s] = coded({ dense: true, type, domain: 'float-bits', dims: [5, 6], layout: 'rows' }, source('dense'));
      const notes: Notes = { flags: ['special-values'] };
      out.good(`dense-float-bits-${type}`, `${type} bit patterns`, `11 ${ALL}`, s, { levels: levels.map(near) }, notes);
    } else {
      const [low, high] = rangeOf(type);
      const levels = [Math.max(low, -(2 ** 31) + 1), high, 0, 1, 3, Math.max(low, -2), 0, 5];
      const [s] = coded({ dense: true, type, domain: 'integer', dims: [8], layout: 'rows' }, source('dense'));
      out.good(`dense-integer-${type}`, `${type} levels are values`, `11 ${ALL}`, s, { levels });
    }
  }
  const file = profileOf('dense', source('dense profile'), 5, { mean: true, coefficients: 3 });
  make('dense-everything', 'trellis, DCT, transform, mean, scales, segments', `10 15 16 17 ${ALL}`, {
    trellis: true,
    dct: 'weighted',
    profile: { file, mean: true },
    channelTransform: true,
    dims: [3, 5, 9, 8],
    segmentSize: 4,
    scales: { channels: [4, 0, -4] },
  });
  make(
    'dense-bare',
    'a bare body with a checksum',
    '3.2 18.1',
    { bodyChecksum: true, segmentSize: 2 },
    {},
    { bare: true },
  );
  make(
    'dense-bare-rows',
    'two of at most 40 rows',
    '3.2 5 18.3',
    { layout: 'rows', dims: [40, 6], variableRows: true },
    {
      rows: 2,
      levels: [1, 0, -2, 0, 0, 9, 0, 0, -3, 1, 1, 20],
    },
    { bare: true },
  );
  make(
    'dense-raw',
    'a raw body of a dense setup',
    '5.1 18',
    { type: 'int8' },
    { raw: new Uint8Array(120).fill(7), levels: undefined },
  );
  rare(source, make, row);
}

type Row = (levels: number[], some?: Partial<Setup>) => [Partial<Setup>, Partial<Body>];

function rare(source: Source, make: Make, row: Row): void {
  make('dense-empty', 'no values, no segments', '5.2 18', { layout: 'rows', dims: [0, 4] }, {}, RARE);
  const most = 2 ** 31 - 1;
  const far = [most, -most, 0, most - 1, -(2 ** 30), 2 ** 30 + 13, 2 ** 30 + 14, 255, 256, -4095, 4096, 1, most];
  make('dense-largest', 'levels up to 2^31 − 1', '18.4', ...row(far, { step: 2 ** -20 }), RARE);
  const [s, b] = row(far, { step: 2 ** -20, trellis: true });
  make('dense-largest-trellis', 'levels up to 2^31 − 1, in half steps', '17 18.4', s, b, RARE);
  for (const [name, h, w] of [
    ['line', 1, 40],
    ['column', 40, 1],
    ['17', 17, 17],
    ['wide', 2, 300],
    ['large', 66, 65],
  ] as const) {
    const about = name === 'large' ? 'more values than a mean counts' : `planes of ${h} × ${w}`;
    make(`dense-plane-${name}`, about, '18.3', { dims: [1, name === 'large' ? 1 : 2, h, w] }, {}, RARE);
  }
  make('dense-one-channel', 'rows of one value', '18.3', { layout: 'rows', dims: [30, 1] }, {}, RARE);
  make('dense-long-channel', 'more rows than a mean counts', '18.3', { layout: 'rows', dims: [4200, 1] }, {}, RARE);
  make('dense-channels-1100', 'channels beyond 1024', '18.3', { layout: 'rows', dims: [3, 1100] }, {}, RARE);
  make('dense-planes-1030', 'channels beyond 1024, of two values', '18.3', { dims: [1, 1030, 1, 2] }, {}, RARE);
  make(
    'dense-segment-1',
    'segments of one value',
    '5.2 18.1',
    { layout: 'rows', dims: [3, 4], segmentSize: 1 },
    {},
    RARE,
  );
  make(
    'dense-segments-of-zeros',
    'segments of zeros: few bytes, or none',
    '5.2 18.1',
    { segmentSize: 1 },
    {
      levels: Array.from({ length: 120 }, (_, i) => (i % 50 === 49 ? 1 : 0)),
    },
    RARE,
  );
  make(
    'dense-whole-ending',
    'all the bytes that are taken, where fewer would do',
    '18.1',
    {},
    { ending: { whole: true } },
    RARE,
  );
  const loud = source('dense loud').list(240, (i) => source(`loud ${i}`).between(-6000, 6000));
  make(
    'dense-loud',
    'magnitudes beyond what neighbours and means count',
    '18.3 18.4',
    { dims: [2, 2, 10, 6] },
    { levels: loud },
    RARE,
  );
  const random = source('dense steady');
  const steady = random.list(2000, (i) => (i % 400 < 300 ? 0 : random.between(1, 3)));
  make(
    'dense-steady',
    'probabilities that reach their ends',
    '18.2',
    { dims: [2, 1, 25, 40] },
    { levels: steady },
    RARE,
  );
  const signs = random.list(600, (i) => (i % 3 === 0 ? -2 : 2));
  make(
    'dense-signs',
    'signs that follow their neighbours',
    '18.4',
    { layout: 'rows', dims: [200, 3] },
    { levels: signs },
    RARE,
  );
  counters(source, make);
}

/** Where sums, counts and probabilities meet their bounds, and what follows shows it. */
function counters(source: Source, make: Make): void {
  const ones = { levels: Array<number>(40).fill(0), ending: { instead: [255, 255, 255, 255] } };
  make(
    'dense-code-is-range',
    'a code as large as the range: nothing but zeros',
    '18.1',
    { dims: [1, 2, 4, 5] },
    ones,
    RARE,
  );
  const random = source('dense counters');
  const capped = random.list(3600, (i) => (i === 0 ? 1000000 : random.between(0, 9) === 0 ? 1 : 0));
  make(
    'dense-mean-capped',
    'a mean of one level far beyond 4095 and many small ones',
    '18.3',
    { dims: [1, 1, 60, 60] },
    { levels: capped },
    RARE,
  );
  for (const [name, first] of [
    ['quiet', 1],
    ['loud', 5],
  ] as const) {
    const levels = random.list(6000, (i) => random.between(0, i < 4050 ? first : 6 - first));
    // Counted once before the halving and once behind it.
    levels[4094] = 700;
    levels[4095] = 900;
    make(
      `dense-mean-halved-${name}`,
      'means that are halved and then change',
      '18.3',
      { dims: [1, 1, 75, 80] },
      { levels },
      RARE,
    );
  }
  const middling = random.list(1200, () => random.between(-8, 8));
  make(
    'dense-middling',
    'neighbours whose sums reach every threshold',
    '18.3',
    { dims: [2, 1, 20, 30] },
    { levels: middling },
    RARE,
  );
  // The set of weights of decisions 3 and later learns little at a time from fours, until it is full; then other decisions use it.
  const fours = random.list(144400, (i) => (i < 142000 ? 4 : random.between(0, 14)));
  const bytes = { type: 'int8', domain: 'integer', dims: [1, 1, 380, 380] } as const;
  make(
    'dense-weights-full',
    'weights that reach 2^20',
    '18.2',
    { ...bytes, dims: [...bytes.dims] },
    { levels: fours },
    RARE,
  );
  const escapes = random.list(1600, (i) => (i < 1500 ? 16 : [15, 16, 18, 40][i % 4]) * (i % 3 ? 1 : -1));
  make(
    'dense-escapes-steady',
    'escapes whose probabilities reach their ends',
    '18.2 18.4',
    { dims: [1, 1, 40, 40] },
    { levels: escapes },
    RARE,
  );
}

/** Into the levels that the dense coder has. */
function near(level: number): number {
  return Math.max(level, -(2 ** 31) + 1);
}
