/** Faults behind the setup: the trellis, the dense coder, values that are not finite, the reset (§ 5, § 15 to § 19). */

import { type Bins, bin } from '../bins.ts';
import { type Fault, varint } from '../bytes.ts';
import { profileOf } from '../calibration.ts';
import type { Code, Collection, Damage } from '../collection.ts';
import { type Body, type Setup, setupOf } from '../model.ts';
import { profileFile } from '../profile.ts';
import { coded, family, type Source, UNITS } from '../samples.ts';
import { expected, standalone } from '../stream.ts';
import { append, become, drop } from './damage.ts';

type Pair = readonly [Setup, Body];

/** All of them. */
export function faultyTools(out: Collection, source: Source): void {
  trellis(out, source);
  dense(out, source);
  infinite(out, source);
  resets(out, source);
  cuts(out, source);
}

function trellis(out: Collection, source: Source): void {
  const make = (
    id: string,
    about: string,
    error: Code,
    field: string,
    some: Partial<Setup>,
    faults = {},
    levels?: number[],
  ) => {
    const [s, b] = coded({ trellis: true, ...some }, source(id), []);
    out.bad(`trellis-${id}`, about, field === 'bins' ? '7 17' : '8 17', error, field, [s, levels ? { levels } : b], {
      faults,
    });
  };
  const bins = (id: string, about: string, list: Bins, levels: number[]) =>
    make(id, about, 'bad_bins', 'bins', { bins: list, layout: 'rows', dims: [levels.length] }, {}, levels);
  bins('stride', 'a bin with a stride of 2', { kind: 'list', bins: [bin(-1), bin(0), bin(1, 1, 2)] }, [0, 1, -1, 3]);
  bins(
    'stride-lone',
    'a stride of 2 of a single level',
    { kind: 'list', bins: [bin(-1), bin(0), bin(1, 0, 2)] },
    [0, 1, -1],
  );
  bins('delta', 'a bin with a delta', { kind: 'list', bins: [bin(-1), bin(0, 0, 1, 1), bin(1)] }, [0, 1, -1]);
  bins(
    'shrink',
    'a unit bin with a shrink',
    { kind: 'uniform', positive: 2, escapes: 2, firstBits: 0, shrinks: [-1] },
    [0, 1, -2, 4],
  );
  const tables = (id: string, about: string, bytes: number[], sections: Partial<Setup> = {}) =>
    make(id, about, 'bad_table', 'tables', sections, { tables: become(...bytes) });
  tables('tables-1', 'a single table', [1, 1, 0, 12, 1]);
  tables('tables-3', 'three tables', [1, 3, 0, 12, 1]);
  tables('tables-129', '129 tables', [1, 0x81, 1, 0, 12, 0]);
  tables('tables-130', '130 tables', [1, 0x82, 1, 0, 12, 0]);
  tables('last-scale-48', 'the scale of the last pair above 47', [1, 4, 0, 47, 1]);
  for (const lanes of [2, 32] as const) {
    const pair = coded({ trellis: true, lanes, dims: [20, 20], layout: 'rows' }, source(`trellis faulty ${lanes}`));
    const bad = (id: string, about: string, field: string, fault: Fault) =>
      out.bad(`trellis-lanes-${lanes}-${id}`, about, '12.4 17', 'corrupt', field, pair, { faults: { [field]: fault } });
    bad('offsets-short', 'offsets that lack a byte', 'segment0.offsets', drop(1));
    bad('offsets-long', 'a byte behind the offsets', 'segment0.offsets', append(0));
    const units = coded(
      { trellis: true, lanes, dims: [20, 20], layout: 'rows', bins: UNITS },
      source(`trellis units ${lanes}`),
    );
    const words = lanes === 32 ? 'segment0.3.words' : 'segment0.words';
    const damage = { faults: { [words]: append(0, 0) } };
    out.bad(`trellis-lanes-${lanes}-word-left`, 'a word that nobody takes', '12.4 17', 'corrupt', words, units, damage);
  }
}

function dense(out: Collection, source: Source): void {
  const pair = coded({ dense: true }, source('dense faulty'));
  const bad = (id: string, about: string, p: Pair, damage: Damage = {}, sections = '18.1') =>
    out.bad(`dense-${id}`, about, sections, 'corrupt', 'segment0', p, damage);
  bad('trailing-zero', 'a segment that ends in a zero', pair, { faults: { segment0: append(0) } });
  const zeros: Pair = [{ ...pair[0], dims: [1, 3, 1, 1] }, { levels: [0, 0, 0] }];
  bad('needless-zero', 'a zero where no byte is needed', zeros, { faults: { segment0: become(0) } });
  bad('needless-zeros', 'four zeros where no byte is needed', zeros, { faults: { segment0: become(0, 0, 0, 0) } });
  const whole = (more: number[]): Pair => [pair[0], { ...pair[1], ending: { more } }];
  bad('byte-left', 'a byte that nobody takes', whole([1]));
  bad('bytes-left', 'many bytes that nobody takes', whole(Array(200).fill(255)));
  const one = setupOf({ type: 'int8', dims: [1], domain: 'integer', dense: true });
  bad('byte-left-one', 'one value, and a fifth byte', [one, { levels: [1], ending: { more: [7] } }]);
  const row = (levels: number[], some: Partial<Setup> & Pick<Setup, 'type'>): Pair => [
    setupOf({ dims: [levels.length], dense: true, ...some }),
    { levels },
  ];
  const integers = { type: 'int32', domain: 'integer' } as const;
  for (const [name, level] of [
    ['2-31', 2 ** 31],
    ['minus-2-31', -(2 ** 31)],
    ['2-31-and-13', 2 ** 31 + 13],
  ] as const) {
    bad(`level-${name}`, `a level of ${level}`, row([0, level, 1], integers), {}, '18.4');
    bad(
      `level-${name}-real`,
      `a level of ${level}`,
      row([0, level, 1], { type: 'float32', step: 2 ** -10 }),
      {},
      '18.4',
    );
  }
  for (const [type, low, high] of [
    ['int8', -129, 128],
    ['uint8', -1, 256],
    ['int16', -32769, 32768],
  ] as const) {
    bad(`below-${type}`, `a level below ${type}`, row([0, low, 1], { type, domain: 'integer' }), {}, '11 18');
    bad(`above-${type}`, `a level above ${type}`, row([0, high, 1], { type, domain: 'integer' }), {}, '11 18');
  }
  for (const type of ['float16', 'bfloat16'] as const) {
    bad(`below-${type}`, 'a level beyond 16 bits', row([0, -32769], { type, domain: 'float-bits' }), {}, '11 18');
    bad(`above-${type}`, 'a level beyond 16 bits', row([0, 32768], { type, domain: 'float-bits' }), {}, '11 18');
  }
  const segments = coded({ dense: true, segmentSize: 2 }, source('dense segments'));
  const table = (id: string, about: string, error: Code, fault: Fault, drawer?: 'malformed') =>
    out.bad(`dense-${id}`, about, '5.2 18', error, 'segmentTable', segments, {
      faults: { segmentTable: fault },
      drawer,
    });
  const longer = (bytes: number[]) => [...bytes.slice(0, -1), bytes[bytes.length - 1] + 5];
  table('length-too-long', 'the last segment is announced longer than what is there', 'truncated', longer, 'malformed');
  table('length-2-32', 'a length of 2^32 − 1', 'truncated', (b) => [...varint(4294967295), ...b.slice(1)], 'malformed');
}

/** Coefficients that are finite, and sums that are not. */
function infinite(out: Collection, source: Source): void {
  const entries = { s: 2 ** -14, values: [32767, 32767, 32767] };
  const transform = { classes: [0, 0, 0], columns: [entries, entries, entries] };
  const loud = profileFile({ name: 'loud', channels: 3, transform });
  const far = profileFile({ name: 'far', channels: 3, mean: [3.4e38, 3.4e38, -3.4e38] });
  const step = 1e38;
  const bad = (id: string, about: string, sections: string, some: Partial<Setup>, levels: number[]) => {
    const [s] = coded({ dims: [1, 3, 1, 1], bins: UNITS, step, ...some }, source(id), []);
    if (finite(s, levels)) throw new Error(`${id} is finite`);
    out.bad(`infinite-${id}`, about, sections, 'corrupt', 'payload', [s, { levels }], {});
  };
  for (const type of ['float32', 'float16', 'int8'] as const) {
    const dct = { dct: 'plain', dims: [1, 1, 2, 2], type } as const;
    bad(
      `dct-${type}`,
      'a sum of the DCT passes the largest f32',
      '15 16',
      { ...dct, dims: [...dct.dims] },
      [3, 3, 3, 3],
    );
  }
  bad(
    'dct-weight',
    'a product with the frequency weight passes the largest f32',
    '16',
    { dct: 'weighted', dims: [1, 1, 1, 2] },
    [0, 3],
  );
  bad('dct-one-tile', 'the last of many values', '16', { dct: 'plain', dims: [2, 1, 1, 66] }, [
    ...Array(99).fill(0),
    ...Array(33).fill(3),
  ]);
  bad('dct-nan', 'two sums of opposite signs', '16', { dct: 'plain', dims: [1, 1, 2, 2] }, [3, 3, -3, -3]);
  bad(
    'dense-dct',
    'the same with the dense coder',
    '16 18',
    { dct: 'plain', dense: true, dims: [1, 1, 2, 2] },
    [3, 3, 3, 3],
  );
  bad(
    'transform',
    'a sum over coefficients passes the largest f32',
    '15',
    { profile: { file: loud }, channelTransform: true },
    [3, 3, 3],
  );
  bad(
    'transform-nan',
    'products of opposite signs',
    '15',
    { profile: { file: loud }, channelTransform: true },
    [3, -3, 0],
  );
  const mean = { profile: { file: far, mean: true } };
  bad('mean', 'a mean that carries a value beyond the largest f32', '15', mean, [3, 0, 0]);
  bad('mean-negative', 'the same below', '15', mean, [0, 0, -3]);
  bad('mean-int16', 'the same before it would become an int16', '15', { ...mean, type: 'int16' }, [0, 3, 0]);
}

/** Whether a decoder that does not look would find a tensor. */
function finite(s: Setup, levels: number[]): boolean {
  try {
    return expected(s, { levels }).dims.length > 0;
  } catch {
    return false;
  }
}

function resets(out: Collection, source: Source): void {
  const raw: Pair = [setupOf({ type: 'int8', dims: [2, 3] }), { raw: Uint8Array.of(1, 2, 3, 4, 5, 6) }];
  const cases: [string, string, Pair][] = [
    ['body-header-bit-2', 'a reset without ADAPTIVE', coded({}, source('reset'))],
    ['body-header-raw-bit-2', 'a reset in a raw body without CODED', raw],
    [
      'body-header-bit-2-classes',
      'a reset with classes that do not adapt',
      coded({ classes: { channels: [0, 1, 2] }, tables: family(3) }, source('reset')),
    ],
    ['body-header-bit-2-dense', 'a reset with the dense coder', coded({ dense: true }, source('reset'))],
  ];
  for (const [id, about, [s, b]] of cases)
    out.bad(id, about, '5 19.1', 'corrupt', 'bodyHeader', [s, { ...b, reset: true }], {});
}

/** A cut in the last byte of every field that draft 1 did not have. */
function cuts(out: Collection, source: Source): void {
  const file = profileOf('cuts', source('cuts'), 3, { mean: true, classes: true, coefficients: 2 });
  const main = coded(
    { profile: { file, mean: true, classes: true }, channelTransform: true, dct: 'weighted', trellis: true },
    source('cuts'),
  );
  const dense = coded({ profile: { file, mean: true }, dct: 'plain', dense: true }, source('cuts dense'));
  const flags: Damage = { drawer: 'malformed', flags: ['truncation'] };
  for (const [prefix, pair, names] of [
    [
      'main',
      main,
      { profile: '4.3', profileUses: '4.3', step: '11', dct: '16', bins: '7', tables: '8', payload: '5.2' },
    ],
    [
      'dense',
      dense,
      {
        profile: '4.3',
        profileUses: '4.3',
        dct: '16',
        bodyHeader: '5',
        segmentTable: '5.2',
        payload: '18.1',
        checksum: '13',
      },
    ],
  ] as const) {
    const marks = standalone(...pair).marks;
    for (const [field, section] of Object.entries(names)) {
      if (!marks.some((m) => m.name === field)) throw new Error(`no field ${field}`);
      const id = `truncated-${prefix}-${field.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
      out.bad(id, `cut off before the last byte of ${field}`, section, 'truncated', field, pair, {
        ...flags,
        cut: { field, less: 1 },
      });
    }
  }
}
