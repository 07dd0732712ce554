/** Faults in bodies and segments (§ 5, § 12). */
import { type Bins, bin } from '../bins.ts';
import { type Fault, varint } from '../bytes.ts';
import type { Code, Collection, Damage } from '../collection.ts';
import { type Body, type Setup, setupOf } from '../model.ts';
import type { Unusual } from '../rans.ts';
import { coded, family, SMALL, type Source, UNITS } from '../samples.ts';
import { append, at, become, drop, flip } from './damage.ts';

type Pair = readonly [Setup, Body];

/** Header, row count, step index, segment table, payload. */
export function faultyBodies(out: Collection, source: Source): void {
  const raw: Pair = [setupOf({ type: 'int8', dims: [2, 3] }), { raw: Uint8Array.of(1, 2, 3, 4, 5, 6) }];
  const real = coded({}, source('faulty body'));
  const integer = coded({ type: 'int16', domain: 'integer' }, source('faulty body'));
  const head = (id: string, about: string, error: Code, byte: number, pair: Pair, damage: Damage = {}) =>
    out.bad(id, about, '5', error, 'bodyHeader', pair, { faults: { bodyHeader: become(byte) }, ...damage });
  for (const bit of [3, 4, 5, 6, 7])
    head(`body-header-bit-${bit}`, 'a reserved bit', 'unsupported_feature', 1 << bit, real);
  head('body-header-raw-bit-7', 'a reserved bit of a raw body', 'unsupported_feature', 129, raw);
  head('coded-body-raw-setup', 'a coded body without CODED', 'corrupt', 0, raw);
  const withIndex = (pair: Pair): Pair => [pair[0], { ...pair[1], stepIndex: 1 }];
  out.bad('step-index-raw', 'a step index in a raw body', '5', 'corrupt', 'bodyHeader', withIndex(raw), {});
  const rawOfCoded: Pair = [real[0], { raw: new Uint8Array(480) }];
  const raws = 'a step index in a raw body of a coded setup';
  out.bad('step-index-raw-body', raws, '5', 'corrupt', 'bodyHeader', withIndex(rawOfCoded), {});
  out.bad(
    'step-index-integer',
    'a step index in the integer domain',
    '5',
    'corrupt',
    'bodyHeader',
    withIndex(integer),
    {},
  );
  const minus128 = { faults: { stepIndex: become(0x80) } };
  out.bad('step-index-minus-128', 'a step index of −128', '5', 'corrupt', 'stepIndex', withIndex(real), minus128);

  const rows: Pair = [
    { ...raw[0], variableRows: true },
    { ...raw[1], rows: 2 },
  ];
  for (const [name, bytes] of [
    ['3', [3]],
    ['2-32-less-1', varint(4294967295)],
  ] as const) {
    const damage = { faults: { rowCount: become(...bytes) } };
    out.bad(`row-count-${name}`, 'more rows than the setup allows', '5', 'bad_dims', 'rowCount', rows, damage);
  }
  const overlong = { faults: { rowCount: become(0x82, 0) }, drawer: 'malformed' as const };
  out.bad('row-count-overlong', 'an overlong varint', '2 5', 'corrupt', 'rowCount', rows, overlong);
  bareFaults(out, source, raw, rows);
  segmentTables(out, source);
  oneLane(out, source);
  for (const lanes of [2, 32] as const) severalLanes(out, source, lanes);
  for (const lanes of [1, 2, 32] as const) followed(out, source, lanes);
  levels(out);
}

function bareFaults(out: Collection, source: Source, raw: Pair, rows: Pair): void {
  const bare: Damage = { bare: true, drawer: 'malformed' };
  out.bad('bare-setup-trailing', 'a byte behind the setup', '3.2', 'trailing_bytes', 'end', raw, {
    setupOnly: true,
    extra: [0],
    drawer: 'malformed',
  });
  out.bad('bare-raw-trailing', 'a byte behind a raw body', '3.2 5.1', 'trailing_bytes', 'end', raw, {
    ...bare,
    extra: [0],
  });
  out.bad('bare-raw-truncated', 'a raw body that lacks a byte', '3.2 5.1', 'truncated', 'payload', raw, {
    ...bare,
    cut: { field: 'payload', less: 1 },
  });
  out.bad('bare-rows-truncated', 'a raw body that lacks a row', '3.2 5.1', 'truncated', 'payload', rows, {
    ...bare,
    cut: { field: 'payload', less: 3 },
  });
  out.bad('bare-empty-body', 'a body without its header', '3.2 5', 'truncated', 'bodyHeader', raw, {
    ...bare,
    cut: { field: 'bodyHeader', less: 1 },
  });
  const empty = coded({ dims: [0, 3], layout: 'rows' }, source('bare empty'));
  out.bad(
    'bare-empty-trailing',
    'a byte behind the body of an empty tensor',
    '3.2 5.2',
    'trailing_bytes',
    'end',
    empty,
    { ...bare, extra: [0] },
  );
  const one = coded({}, source('bare faulty'));
  out.bad('bare-segment-missing', 'no payload where a segment is due', '3.2 12.3', 'corrupt', 'payload', one, {
    bare: true,
    cut: { field: 'segmentTable', less: 0 },
  });
  out.bad('bare-segment-short', 'the last segment lacks two bytes', '3.2 12.3', 'corrupt', 'payload', one, {
    bare: true,
    cut: { field: 'payload', less: 2 },
  });
  const summed: Pair = [{ ...raw[0], bodyChecksum: true }, raw[1]];
  const flags = { bare: true, drawer: 'malformed' as const };
  out.bad('bare-checksum-wrong', 'a checksum of other bytes', '3.2 13', 'checksum_mismatch', 'checksum', summed, {
    ...flags,
    faults: { checksum: flip(0, 1) },
  });
  out.bad(
    'bare-checksum-wrong-last',
    'a checksum whose last bit is wrong',
    '3.2 13',
    'checksum_mismatch',
    'checksum',
    summed,
    {
      ...flags,
      faults: { checksum: flip(3, 128) },
    },
  );
  out.bad('bare-checksum-short', 'three bytes of a checksum and no body', '3.2 13', 'truncated', 'bodyHeader', summed, {
    ...flags,
    cut: { field: 'bodyHeader', less: 1 },
    extra: [1, 2, 3],
  });
  out.bad('bare-checksum-only', 'the checksum of no body', '3.2 13', 'truncated', 'bodyHeader', summed, {
    ...flags,
    cut: { field: 'bodyHeader', less: 1 },
    extra: [0, 0, 0, 0],
  });
}

function segmentTables(out: Collection, source: Source): void {
  const pair = coded({ segmentSize: 2 }, source('segment table'));
  const bad = (id: string, about: string, error: Code, fault: Fault, damage: Damage = {}) =>
    out.bad(id, about, '5.2', error, 'segmentTable', pair, { faults: { segmentTable: fault }, ...damage });
  const malformed: Damage = { drawer: 'malformed' };
  const more = (by: number) => (bytes: number[]) => [bytes[0], bytes[1], bytes[2] + by];
  bad(
    'segment-length-too-long',
    'the last segment is announced longer than what is there',
    'truncated',
    more(5),
    malformed,
  );
  bad('segment-length-too-short', 'the last segment is announced shorter', 'trailing_bytes', more(-1), malformed);
  bad(
    'segment-length-2-32',
    'a length of 2^32 − 1',
    'truncated',
    (b) => [...varint(4294967295), b[1], b[2]],
    malformed,
  );
  bad(
    'segment-lengths-wrap',
    'lengths whose sum passes 2^32',
    'truncated',
    () => [2, 1, 0].flatMap((n) => varint(4294967295 - n)),
    malformed,
  );
  bad('segment-length-overlong', 'an overlong varint', 'corrupt', (b) => [b[0] | 128, 0, b[1], b[2]], malformed);
  bad('segment-boundary-moved', 'a byte counted to the wrong segment', 'corrupt', (b) => [b[0] + 1, b[1] - 1, b[2]]);
  const bare = coded({ segmentSize: 2 }, source('segment table'));
  const fault = { bare: true, faults: { segmentTable: become(127, 127) }, drawer: 'malformed' as const };
  out.bad('bare-segment-length', 'a length beyond the body', '3.2 5.2', 'truncated', 'segmentTable', bare, fault);
  // Planes of one value in segments of one plane: a table of 2^27 lengths, of which none is there.
  const many = setupOf({
    type: 'int8',
    dims: [2 ** 27, 1],
    domain: 'integer',
    bins: SMALL,
    tables: family(1),
    segmentSize: 1,
  });
  const one: Pair = [{ ...many, dims: [2, 1] }, { levels: [0, 0] }];
  out.bad(
    'segment-table-missing',
    'a table of 2^27 lengths, none of which is there',
    '5.2 14.2',
    'truncated',
    'segmentTable',
    one,
    {
      faults: { dims: become(...varint(2 ** 27), 1) },
      drawer: 'malformed',
      or: ['limit_exceeded'],
    },
  );
}

function oneLane(out: Collection, source: Source): void {
  const pair = coded({ bins: UNITS }, source('one lane'));
  const bad = (id: string, about: string, field: string, fault: Fault) =>
    out.bad(`one-lane-${id}`, about, '12.3', 'corrupt', field, pair, { faults: { [field]: fault } });
  bad('empty', 'no bytes at all', 'segment0', become());
  for (const n of [1, 2]) bad(`${n}-bytes`, 'too short for a state', 'segment0', become(...[1, 0].slice(0, n)));
  bad('state-2-31', 'a state of 2^31 and more', 'segment0.state', (b) =>
    b.length === 4 ? at(3, b[3] | 128)(b) : [...b, 128],
  );
  bad('word-left', 'a word that nobody takes', 'segment0.words', append(0, 0));
  bad('word-missing', 'the last word is missing', 'segment0.words', drop(2));
  bad('byte-left', 'an odd number of bytes behind the state', 'segment0.words', append(0));
  bad('end-state', 'another final state than 1', 'segment0.words', flip(-1, 16));
  const tiny = setupOf({ type: 'int8', dims: [1], domain: 'integer', bins: UNITS, tables: family(1) });
  const one: Pair = [tiny, { levels: [0] }];
  const zero = { faults: { 'segment0.state': become(0, 0, 0) } };
  out.bad('one-lane-state-0', 'a state of 0 stays 0', '12.3', 'corrupt', 'segment0.state', one, zero);
}

/** Wrong states in streams that a decoder without the check follows to a tensor. */
function followed(out: Collection, source: Source, lanes: 1 | 2 | 32): void {
  const end = lanes === 1 ? 2 : 2 ** 15 + 1;
  const cases: [string, string, Unusual][] = [
    ['initial-state-above', 'an initial state of 2^31 or more, and the rest follows', { first: 'overfull' }],
    ['initial-state-below', 'an initial state below 2^15, and the rest follows', { first: 'underfull' }],
    ['final-state', `a final state of ${end}, and the rest leads there`, { end }],
  ];
  for (const [name, about, unusual] of cases) {
    const id = `lanes-${lanes}-${name}`;
    unusualStream(id, source, lanes, unusual, (pair) => {
      // A single lane may start as low as it likes.
      if (lanes === 1 && unusual.first === 'underfull') {
        const notes = { drawer: 'legal-but-rare' as const };
        out.good(id, about, '12.3', ...pair, notes);
      } else out.bad(id, about, lanes === 1 ? '12.3' : '12.4', 'corrupt', 'segment0', pair, {});
    });
  }
}

/** Draws values until they allow the states that are asked for. */
function unusualStream(
  id: string,
  source: Source,
  lanes: 1 | 2 | 32,
  unusual: Unusual,
  use: (pair: Pair) => void,
): void {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const [s, b] = coded({ lanes, bins: UNITS, dims: [9, 11], layout: 'rows' }, source(`${id} ${attempt}`));
    try {
      use([s, { ...b, unusual }]);
      return;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new Error(`${id}: no values found`);
}

/** Streams of 2 and 4 × 8 lanes, with and without an offset section. */
function severalLanes(out: Collection, source: Source, lanes: 2 | 32): void {
  const units = coded({ lanes, bins: UNITS, dims: [20, 20], layout: 'rows' }, source(`lanes ${lanes}`));
  const some = coded({ lanes, dims: [20, 20], layout: 'rows' }, source(`lanes ${lanes}`));
  const stream = lanes === 32 ? 'segment0.3' : 'segment0';
  const bad = (id: string, about: string, field: string, fault: Fault, pair: Pair = some) =>
    out.bad(`lanes-${lanes}-${id}`, about, '12.4', 'corrupt', field, pair, { faults: { [field]: fault } });
  bad('empty', 'no bytes at all', 'segment0', become());
  bad('no-streams', 'nothing but lengths of 0', 'segment0', become(...Array<number>(lanes === 32 ? 4 : 1).fill(0)));
  bad('lengths-cut', 'a length that does not end', 'segment0', become(0x80));
  bad('length-overlong', 'an overlong varint', `segment0.lengths`, (b) => [
    ...b.slice(0, -1),
    b[b.length - 1] | 128,
    0,
  ]);
  bad(
    'length-beyond',
    'a stream beyond the segment',
    'segment0.lengths',
    become(
      ...Array(lanes === 32 ? 4 : 1)
        .fill(varint(60000))
        .flat(),
    ),
  );
  bad('length-2-32', 'the largest length', 'segment0.lengths', (b) => [
    ...b.slice(0, b.length - 2),
    ...varint(4294967295),
  ]);
  bad('state-below', 'an initial state below 2^15', `${stream}.states`, (b) => [0xff, 0x7f, 0, 0, ...b.slice(4)]);
  bad('state-2-31', 'an initial state of 2^31 and more', `${stream}.states`, flip(3, 128));
  bad('word-missing', 'a stream without its last word', `${stream}.words`, drop(2), units);
  bad('word-left', 'a word that nobody takes', `${stream}.words`, append(0, 0), units);
  bad('odd', 'a stream of odd length', `${stream}.words`, append(0), units);
  bad('end-state', 'another final state than 2^15', `${stream}.words`, flip(-1, 16), units);
  bad('offsets-short', 'offsets that lack a byte', 'segment0.offsets', drop(1));
  bad('offsets-long', 'a byte behind the offsets', 'segment0.offsets', append(0));
  const [s, b] = some;
  const three: Bins = { kind: 'list', bins: [bin(-7, 3, 1), bin(1), bin(2), bin(3), bin(4)] };
  const levels = b.levels!.map((_, i) => (i < 3 ? i - 7 : 1 + (i % 4)));
  bad('offsets-padding', 'a padding bit set', 'segment0.offsets', flip(-1, 128), [{ ...s, bins: three }, { levels }]);
  const counts = Array<number>(lanes === 32 ? 4 : 1).fill((lanes === 32 ? 8 : 2) * 4);
  const short = { ...s, dims: [2, lanes], bins: UNITS };
  const zeros: Pair = [short, { levels: Array(2 * lanes).fill(0) }];
  bad('states-cut', 'a stream too short for its states', 'segment0', (p) => p.slice(0, counts.length - 1 + 6), zeros);
}

function levels(out: Collection): void {
  const wide: Bins = { kind: 'uniform', positive: 2, escapes: 17, firstBits: 0 };
  const bounds = { int8: [-128, 127], uint8: [0, 255], int16: [-32768, 32767] };
  const make = (id: string, about: string, some: Partial<Setup> & Pick<Setup, 'type'>, level: number) => {
    const s = setupOf({ dims: [3], bins: wide, tables: family(1, 0, 40), ...some });
    out.bad(id, about, '11', 'corrupt', 'payload', [s, { levels: [0, level, 1] }], {});
  };
  for (const [type, [low, high]] of Object.entries(bounds)) {
    const some = { type: type as 'int8', domain: 'integer' as const };
    make(`level-above-${type}`, `a level above ${type}`, some, high + 1);
    make(`level-below-${type}`, `a level below ${type}`, { ...some, lanes: 2 }, low - 1);
  }
  for (const type of ['float16', 'bfloat16'] as const) {
    make(`level-above-${type}`, 'a level beyond 16 bits', { type, domain: 'float-bits' }, 32768);
    make(`level-below-${type}`, 'a level beyond 16 bits', { type, domain: 'float-bits', lanes: 4 }, -32769);
  }
}
