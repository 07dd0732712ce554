/** Adaptive classes: in frames, and in streams with losses, errors and ways back (§ 19.1). */
import type { Bins } from '../bins.ts';
import { profileOf } from '../calibration.ts';
import type { Collection, Notes } from '../collection.ts';
import { append, drop, flip } from '../faulty/damage.ts';
import { type Body, type Setup, setupOf } from '../model.ts';
import type { Random } from '../random.ts';
import { coded, family, inlineFor, SMALL, type Source } from '../samples.ts';
import { StreamMaker } from '../streams.ts';
import { LISTED } from './coder.ts';
import { byIndex } from './planes.ts';

const RARE: Notes = { drawer: 'legal-but-rare' };
const ADAPTIVE = { adaptive: true, layout: 'rows' as const, classes: { rows: true }, tables: family(24, 1, 0, 2) };

/** Levels of every bin of LISTED, from its first to its last. */
const LISTED_LEVELS = LISTED.bins.flatMap(({ lower, bits, stride }) =>
  [0, 1, (2 ** bits) >> 1, 2 ** bits - 1]
    .filter((offset) => offset < 2 ** bits)
    .map((offset) => lower + offset * stride),
);

/** Rows whose channels differ in loudness. */
function rowsOf(random: Random, rows: number, channels: number): Body {
  const loud = byIndex(channels).map((c) => [0, 1, 3, 12, 70, 600][(c * 5) % 6]);
  const levels = random.list(rows * channels, (i) => random.between(-loud[i % channels], loud[i % channels]));
  return { levels, rowClasses: random.list(rows, () => random.between(-1, 2)), rows };
}

/** Frames and streams. */
export function adaptiveVectors(out: Collection, source: Source): void {
  const frame = (
    id: string,
    about: string,
    dims: number[],
    some: Partial<Setup> = {},
    more: Partial<Body> = {},
    notes: Notes = {},
  ) => {
    const [s] = coded({ ...ADAPTIVE, dims, ...some }, source(id));
    const { rows: _, ...b } = rowsOf(
      source(id),
      dims.slice(0, -1).reduce((a, n) => a * n, 1),
      some.profile ? 3 : dims[dims.length - 1],
    );
    out.good(id, about, '9.1 19.1', s, { ...b, ...more }, notes);
  };
  frame('adaptive', 'classes follow the rows', [12, 6]);
  frame('adaptive-one-row', 'a row: every class is that of a new state', [1, 6]);
  frame('adaptive-rows-100', 'more rows than the state counts', [100, 3]);
  frame('adaptive-reset-frame', 'header bit 2 in a frame, where it changes nothing', [5, 6], {}, { reset: true });
  frame('adaptive-rank-3', 'rows of two axes', [3, 4, 5]);
  frame('adaptive-contexts', 'classes of two contexts, of which planes of one value use the first', [9, 5], {
    thresholds: [1],
  });
  frame('adaptive-trellis', 'classes of two unions', [9, 5], { trellis: true });
  const listed = byIndex(45).map((i) => LISTED_LEVELS[(i * i + 3 * i) % LISTED_LEVELS.length]);
  frame('adaptive-list', 'bins with strides and deltas', [9, 5], { bins: LISTED }, { levels: listed });
  const shrinks: Bins = { kind: 'uniform', positive: 5, escapes: 12, firstBits: 1, shrinks: [40, -7, 127] };
  frame('adaptive-shrinks', 'unit bins drawn towards zero or away', [9, 5], { bins: shrinks });
  const file = profileOf('adaptive', source('adaptive profile'), 5, { mean: true, coefficients: 3 });
  frame('adaptive-transform', 'classes of coefficients', [9, 5], {
    profile: { file, mean: true },
    channelTransform: true,
  });
  frame(
    'adaptive-scales',
    'with scales of rows and channels',
    [4, 3],
    { scales: { rows: true, channels: [1, 2, -3] } },
    { rowScales: [0, 8, -8, 1] },
  );
  const [planes, values] = coded({ ...ADAPTIVE, layout: 'nchw', dims: [4, 5, 1, 1] }, source('adaptive nchw'));
  out.good('adaptive-nchw', 'planes of 1 × 1', '6 19.1', planes, { ...values, rowClasses: [0, 0, 1, 0] });
  frame('adaptive-one-channel', 'rows of one value', [20, 1], {}, {}, RARE);
  frame('adaptive-empty', 'no rows', [0, 4], {}, { levels: [], rowClasses: [] }, RARE);
  frame('adaptive-no-channels', 'rows without values', [3, 0], {}, { levels: [], rowClasses: [0, 1, 2] }, RARE);
  const wide = { kind: 'uniform', positive: 1, escapes: 30, firstBits: 0 } as const;
  const random = source('adaptive far');
  const far = [65535, 65536, -65536, 0, 1, 2 ** 30, -(2 ** 30), 2, 65534, -65535, 0, 0, 3, 4, 70000, 1];
  // A channel beyond 65535 and one of zeros, until their classes are the highest and the lowest there are.
  const ends = random.list(150, (row) => [65536 + row, 0, random.between(-65540, 65540), random.between(-3, 3)]).flat();
  for (const [id, about, levels] of [
    ['adaptive-far', 'levels up to and beyond 65535', far],
    ['adaptive-ends', 'the lowest and the highest class there is', ends],
  ] as const) {
    const n = levels.length / 4;
    const tables = inlineFor(wide, levels, random, 64);
    const integer = setupOf({ type: 'int32', domain: 'integer', ...ADAPTIVE, dims: [n, 4], bins: wide, tables });
    const rowClasses = random.list(n, (row) => [0, 9, -1][row % 3]);
    out.good(id, about, '9.1 19.1', integer, { levels: [...levels], rowClasses }, RARE);
  }
  const changing = random.list(1800, (i) => {
    const loud = [0, 2, 25, 300, 4000][(Math.floor(i / 60) * 7 + (i % 3)) % 5];
    return random.between(-loud, loud);
  });
  const long = {
    ...ADAPTIVE,
    type: 'float32',
    step: 0.5,
    dims: [600, 3],
    bins: SMALL,
    tables: family(48, 1, 0, 1),
  } as const;
  const steady = { levels: changing, rowClasses: Array<number>(600).fill(4) };
  out.good(
    'adaptive-rows-600',
    'channels that change long after',
    '19.1',
    setupOf({ ...long, dims: [...long.dims] }),
    steady,
    RARE,
  );
  const integers = setupOf({ type: 'int16', domain: 'integer', ...ADAPTIVE, dims: [6, 4], bins: SMALL });
  out.good('adaptive-integer', 'the integer domain', '11 19.1', integers, {
    levels: rowsOf(source('adaptive integer'), 6, 4).levels,
    rowClasses: [0, 1, 2, 0, -3, 5],
  });
  streams(out, source);
}

function streams(out: Collection, source: Source): void {
  const [s] = coded({ ...ADAPTIVE, dims: [40, 6], variableRows: true }, source('streams'));
  let count = 0;
  const rows = (n: number): Body => rowsOf(source(`stream ${count++}`), n, 6);
  const raw = (n: number): Body => ({ rows: n, raw: Uint8Array.from({ length: 24 * n }, (_, i) => (i * 3) % 64) });
  new StreamMaker(s)
    .body(rows(8))
    .body(rows(1))
    .body(rows(1))
    .body(rows(3))
    .done(out, 'stream-adaptive', 'a state that lasts from body to body', '3.2 19.1');
  new StreamMaker(s)
    .body(rows(4))
    .body({ ...rows(3), reset: true })
    .body(rows(2))
    .body({ ...rows(1), reset: true })
    .done(out, 'stream-reset', 'bodies that start anew', '5 19.1');
  new StreamMaker(s)
    .body(rows(4))
    .lost(rows(2))
    .lost(rows(5))
    .body({ ...rows(3), reset: true })
    .body(rows(2))
    .done(out, 'stream-loss', 'two bodies are lost, the next one starts anew', '19.1');
  new StreamMaker(s)
    .body(rows(4))
    .snapshot('acknowledged')
    .body(rows(2))
    .lost(rows(5))
    .restore('acknowledged')
    .body(rows(3))
    .body(rows(2))
    .restore('acknowledged')
    .body(rows(1))
    .done(out, 'stream-rollback', 'after a loss both ends go back to a state they hold', '19.1');
  new StreamMaker(s)
    .snapshot('new')
    .body(rows(4))
    .reset()
    .body(rows(2))
    .restore('new')
    .body(rows(2))
    .done(out, 'stream-new', 'the state of a new decoder, by reset and by restore', '19.1');
  new StreamMaker(s)
    .body(rows(3))
    .body(raw(2))
    .body(rows(2))
    .body({ ...raw(1), reset: true })
    .body(rows(2))
    .done(out, 'stream-raw', 'raw bodies leave the state alone, unless they start anew', '5.1 19.1', 'legal-but-rare');
  new StreamMaker(s)
    .body(rows(3))
    .body({ rows: 0, levels: [], rowClasses: [] })
    .body(rows(2))
    .body({ rows: 0, levels: [], rowClasses: [], reset: true })
    .body(rows(2))
    .done(
      out,
      'stream-empty-bodies',
      'bodies without rows leave the state alone, unless they start anew',
      '19.1',
      'legal-but-rare',
    );
  const words = { 'segment0.words': flip(-1, 16) };
  new StreamMaker(s)
    .body(rows(5))
    .faulty(rows(6), 'corrupt', 'segment0.words', words)
    .body(rows(2))
    .faulty({ ...rows(6), reset: true }, 'corrupt', 'segment0.words', words)
    .body(rows(2))
    .faulty({ ...rows(2), reset: true }, 'bad_dims', 'rowCount', { rowCount: () => [41] })
    .body(rows(2))
    .faulty({ ...raw(2), reset: true }, 'truncated', 'payload', { payload: drop(1) })
    .body(rows(2))
    .faulty({ ...raw(2), reset: true }, 'trailing_bytes', 'end', { payload: append(0) })
    .body(rows(2))
    .done(
      out,
      'stream-errors',
      'bodies in error leave the state as it was, also if they would start anew',
      '19.1 14.1',
      'legal-but-rare',
    );
  const integer = setupOf({
    type: 'int8',
    domain: 'integer',
    ...ADAPTIVE,
    dims: [40, 3],
    variableRows: true,
    bins: SMALL,
  });
  const small = (n: number): Body => {
    const b = rowsOf(source(`stream ${count++}`), n, 3);
    return { ...b, levels: b.levels!.map((level) => Math.max(-128, Math.min(127, level))) };
  };
  const beyond = small(4);
  new StreamMaker(integer)
    .body(small(3))
    .faulty({ ...beyond, levels: beyond.levels!.map((level, i) => (i === 11 ? 128 : level)) }, 'corrupt', 'payload', {})
    .body(small(3))
    .done(
      out,
      'stream-error-in-values',
      'a level outside the type, found behind the payload',
      '11 19.1 14.1',
      'legal-but-rare',
    );
  const long = new StreamMaker(s);
  long.body(rows(40)).body(rows(20));
  for (let i = 0; i < 6; i++) long.body(rows(1));
  long.done(out, 'stream-66-rows', 'rows until the state counts no further', '19.1', 'legal-but-rare');
  const [t] = coded(
    { ...ADAPTIVE, dims: [40, 6], variableRows: true, bodyChecksum: true, trellis: true },
    source('streams'),
  );
  new StreamMaker(t)
    .body(rows(3))
    .faulty(rows(3), 'checksum_mismatch', 'checksum', { checksum: flip(0, 1) })
    .body(rows(4))
    .body(rows(1))
    .done(out, 'stream-trellis-checksum', 'with a trellis and a checksum, one of them wrong', '3.2 17 19.1');
  const file = profileOf('stream', source('stream profile'), 6, { mean: true, coefficients: 4 });
  const transform = {
    ...ADAPTIVE,
    dims: [40, 6],
    variableRows: true,
    profile: { file, mean: true },
    channelTransform: true,
  };
  const [u] = coded({ ...transform }, source('streams'));
  const four = (n: number) => rowsOf(source(`stream ${count++}`), n, 4);
  new StreamMaker(u)
    .body(four(5))
    .lost(four(1))
    .body({ ...four(2), reset: true })
    .body(four(2))
    .done(out, 'stream-transform', 'a state of coefficients', '15 19.1');
}
