/** Faults in scales, bins, tables, classes, contexts (§ 7 to § 10). */
import { type Bins, bin } from '../bins.ts';
import { BitWriter, classList, varint } from '../bytes.ts';
import type { Code, Collection, Damage } from '../collection.ts';
import { type Body, type Setup, setupOf } from '../model.ts';
import { coded, family, SMALL, type Source, UNITS } from '../samples.ts';
import { tableBytes } from '../tables.ts';
import { become, flip } from './damage.ts';

type Field = (
  id: string,
  about: string,
  sections: string,
  error: Code,
  bytes: number[] | Damage,
  some?: Partial<Setup>,
) => void;

/** A maker of vectors with one field replaced, or damaged otherwise. */
function fields(out: Collection, source: Source, name: string): Field {
  return (id, about, sections, error, bytes, some = {}) => {
    const pair = coded(some, source(id), []);
    const damage = Array.isArray(bytes) ? { faults: { [name]: become(...bytes) } } : bytes;
    out.bad(id, about, sections, error, name, pair, damage);
  };
}

/** Every field of the coding part. */
export function faultyCoding(out: Collection, source: Source): void {
  faultyBins(fields(out, source, 'bins'));
  faultyTables(fields(out, source, 'tables'));
  lists(out, source);
  const contexts = fields(out, source, 'contexts');
  // The payload follows the thresholds as they stand, so that nothing but the rule itself gives them away.
  for (const [name, about, thresholds] of [
    ['none', 'no thresholds', []],
    ['eight', 'eight thresholds', [1, 2, 3, 4, 5, 6, 7, 8]],
    ['equal', 'a threshold twice', [3, 3]],
    ['descending', 'thresholds that descend', [3, 2]],
    ['first-0', 'a threshold of 0', [0, 2]],
    ['last-127', 'a threshold above 126', [1, 127]],
  ] as const) {
    const tables = family(thresholds.length + 1, 0, 4, 3);
    contexts(`contexts-${name}`, about, '9.2', 'corrupt', {}, { thresholds: [...thresholds], tables });
  }
  contexts('contexts-tables', 'three tables for contexts in pairs', '8 9.2', 'bad_table', [1, 2], {
    thresholds: [1, 2],
    tables: family(3),
  });
}

function faultyBins(bins: Field): void {
  const bad = (id: string, about: string, bytes: number[]) => bins(id, about, '7', 'bad_bins', bytes);
  for (const kind of [2, 3])
    bins(`bins-kind-${kind}`, 'a reserved way to write bins', '7', 'unsupported_feature', [kind, 0, 0, 0]);
  for (const bit of [5, 6, 7]) {
    bins(`bins-uniform-bit-${bit}`, 'a reserved bit', '7', 'unsupported_feature', [16 | (1 << bit), 3, 12, 0]);
  }
  for (const bit of [2, 4, 7])
    bins(`bins-list-bit-${bit}`, 'a reserved bit', '7', 'unsupported_feature', [1 | (1 << bit), 1, 0, 0]);
  bad('bins-257-units', 'P + N + EP + EN + 1 = 257', [0, ...varint(128), 0, ...varint(128), 0, 0]);
  bad('bins-units-2-32', 'units that wrap in a sum', [0, ...varint(4294967295), 0, 1, 0, 0]);
  bad('bins-units-2-31-twice', 'symmetric units whose sum wraps', [16, ...varint(2147483648), 0, 0]);
  bad('bins-escapes-33', 'escapes above 32', [0, 0, 33, 0, 0, 0]);
  bad('bins-negative-escapes-33', 'negative escapes above 32', [0, 0, 0, 0, 33, 0]);
  bad('bins-first-bits-33', 'first bits above 32', [16, 1, 0, 33]);
  bad('bins-first-bits-and-escapes', 'first bits and escapes above 32 together', [16, 1, 3, 30]);
  bad('bins-escapes-beyond', 'the last escape passes 2^31 − 1', [0, 2, 31, 2, 0, 0]);
  bad('bins-escapes-below', 'the last negative escape passes −2^31', [0, 0, 0, 2, 31, 0]);
  bad('bins-shrink-128', 'a shrink of −128', [16 | (1 << 2), 3, 12, 0, 128]);
  bad('bins-list-none', 'no bins', [1, 0]);
  bad('bins-list-257', '257 bins', [1, ...varint(257), ...Array.from({ length: 257 }, () => [0, 0]).flat()]);
  bad('bins-list-bits-33', 'a bin of 2^33 levels', [1, 1, 0, 33]);
  bad('bins-list-bits-63', 'a bin of 2^63 levels', [1, 1, 0, 63]);
  bad('bins-list-stride-0', 'a stride of 0', [1, 1, 0, 64, 0]);
  bad('bins-list-above', 'an extent that ends at 2^31', [1, 1, ...varint(4294967294), 1]);
  bad('bins-list-32-bits-above', '2^32 levels from 0', [1, 1, 0, 32]);
  bad('bins-list-extent-wraps', '32 bits with the widest stride', [
    1,
    1,
    ...varint(4294967295),
    64 | 32,
    ...varint(4294967295),
  ]);
  bad('bins-list-next-above', 'the second bin starts beyond 2^31 − 1', [1, 2, 0, 0, ...varint(4294967295), 0]);
  bins('bins-list-varint-overlong', 'an overlong varint', '2 7', 'corrupt', {
    faults: { bins: become(1, 0x82, 0, 0, 0, 0, 0) },
    drawer: 'malformed',
  });
}

function faultyTables(tables: Field): void {
  const feature = (id: string, head: number) =>
    tables(id, 'a reserved value', '8', 'unsupported_feature', [head, 1, 0, 12, 1]);
  for (const kind of [2, 3]) feature(`tables-source-${kind}`, kind);
  for (const bit of [4, 5, 6, 7]) feature(`tables-bit-${bit}`, 1 | (1 << bit));
  const bad = (id: string, about: string, sections: string, bytes: number[]) =>
    tables(id, about, sections, 'bad_table', bytes);
  bad('tables-none', 'no tables', '8', [1, 0, 0, 12, 1]);
  bad('tables-129', '129 tables', '8', [1, 0x81, 1, 0, 0, 0]);
  bad('tables-count-2-32', 'the largest count', '8', [1, ...varint(4294967295), 0, 0, 0]);
  bad('family-shape-4', 'a shape above 3', '8.2', [1, 1, 4, 12, 1]);
  bad('family-shape-255', 'a shape above 3', '8.2', [1, 1, 255, 12, 1]);
  bad('family-scale-48', 'a scale above 47', '8.2', [1, 1, 0, 48, 0]);
  bad('family-last-scale-48', 'the scale of the last table above 47', '8.2', [1, 2, 0, 47, 1]);
  bad('family-scale-wraps', 'a scale of 256', '8.2', [1, 2, 0, 1, 255]);
  const bins: Bins = UNITS;
  const inline = (
    id: string,
    about: string,
    error: Code,
    logs: number[][],
    damage: Partial<Damage> = {},
    sections = '8.1',
  ) => {
    const bytes = tableBytes({ kind: 'inline', precision: 12, logs });
    tables(id, about, sections, error, { faults: { tables: become(...bytes) }, ...damage }, { bins });
  };
  const flat = Array<number>(15).fill(9);
  inline('log-50', 'a log above 49', 'bad_table', [flat.map((q, i) => (i === 3 ? 50 : q))]);
  inline('log-negative', 'a log below 0', 'bad_table', [flat.map((q, i) => (i === 3 ? -1 : q))]);
  inline('log-2-30', 'a log far above 49', 'bad_table', [flat.map((q, i) => (i === 14 ? 2 ** 30 : q))]);
  inline('logs-all-0', 'a table without mass', 'bad_table', [flat.map(() => 0)]);
  inline('logs-all-0-second', 'a second table without mass', 'bad_table', [flat, flat.map(() => 0)]);
  const bits = new BitWriter();
  bits.bits(1, 1);
  for (let i = 0; i < 40; i++) bits.bits(0, 1);
  const about = 'the first table predicted from the one before';
  tables('tables-first-from-previous', about, '8.1', 'corrupt', [0, 1, ...bits.bytes, 0, 0], { bins });
  const good = { kind: 'inline' as const, precision: 12, logs: [flat] };
  tables(
    'tables-padding',
    'a padding bit set',
    '2 8.1',
    'corrupt',
    { faults: { tables: flip(-1, 128) }, drawer: 'malformed' },
    { bins, tables: good },
  );
}

function lists(out: Collection, source: Source): void {
  const lists = [
    { name: 'scale', field: 'scales', section: '10', most: 127 },
    { name: 'class', field: 'classes', section: '9.1', most: 63 },
  ] as const;
  for (const { name, field, section, most } of lists) {
    const channels = { [field]: { channels: [0, 1, 2] } };
    const one = { [field]: { channels: [0] }, dims: [2, 1, 3, 3] };
    const make = fields(out, source, field);
    make(`${name}-flags-0`, 'neither rows nor channels', section, 'unsupported_feature', [0], channels);
    make(`${name}-flags-4`, 'a reserved bit', section, 'unsupported_feature', [6, ...classList([0, 1, 2])], channels);
    make(
      `${name}-flags-128`,
      'a reserved bit',
      section,
      'unsupported_feature',
      [130, ...classList([0, 1, 2])],
      channels,
    );
    for (const value of [most + 1, -most - 1, 2 ** 30, -(2 ** 31)]) {
      const id = `channel-${name}-${value < 0 ? 'minus-' : ''}${Math.abs(value)}`;
      make(
        id,
        `an integer of ${value} for a channel`,
        `2.1 ${section}`,
        'corrupt',
        [2, ...classList([0, value, 0])],
        channels,
      );
    }
    const lone = 0x100 - most - 1;
    make(
      `channel-${name}-lone`,
      `one channel, and an integer of ${-most - 1}`,
      `2.1 ${section}`,
      'corrupt',
      [2, lone],
      one,
    );
    const sum = { faults: { [field]: become(2, ...sums(most)) } };
    make(`channel-${name}-sum`, 'differences in range, their sum is not', `2.1 ${section}`, 'corrupt', sum, channels);
    const padded = { faults: { [field]: flip(-1, 128) }, drawer: 'malformed' as const };
    const style = { [field]: { channels: [0, 1, 2], style: { k: 1 } } };
    make(`channel-${name}-padding`, 'a padding bit set', `2 2.1 ${section}`, 'corrupt', padded, style);
    rowLists(out, source, name, section, most);
  }
  const integers = setupOf({
    type: 'int8',
    dims: [2, 3],
    domain: 'integer',
    bins: SMALL,
    tables: family(1),
    scales: { channels: [0, 0, 0] },
  });
  out.bad(
    'scales-integer-domain',
    'scales outside the real domain',
    '10',
    'corrupt',
    'scales',
    [integers, { levels: [1, 2, 3, 0, 0, 0] }],
    {},
  );
  const extremes = { dims: [2, 3], layout: 'rows' as const, bins: { kind: 'list', bins: [bin(0)] } as Bins };
  for (const [name, step, code] of [
    ['infinite', 3e38, 8],
    ['zero', 2 ** -149, -127],
  ] as const) {
    const [s, b] = coded({ ...extremes, step, scales: { rows: true } }, source(name));
    const levels = b.levels!.map(() => 0);
    const pair: readonly [Setup, Body] = [s, { levels, rowScales: [0, code] }];
    out.bad(`effective-step-${name}`, `an effective step that is ${name}`, '10', 'corrupt', 'rowScales', pair, {});
    const indexed = [
      { ...s, scales: undefined },
      { levels: pair[1].levels, stepIndex: code },
    ] as const;
    out.bad(
      `indexed-step-${name}`,
      `a step index that makes the step ${name}`,
      '5 10',
      'corrupt',
      'stepIndex',
      indexed,
      {},
    );
  }
}

/** A class list of most, most + 1, 0. */
function sums(most: number): number[] {
  return classList([most, most + 1, 0]);
}

function rowLists(out: Collection, source: Source, name: string, section: string, most: number): void {
  const plural = name === 'class' ? 'classes' : 'scales';
  const field = name === 'class' ? 'rowClasses' : 'rowScales';
  const [s, b] = coded({ [plural]: { rows: true }, dims: [3, 2, 2, 2] }, source(`rows ${name}`), []);
  const pair = [s, { ...b, [field]: [0, 1, 0] }] as const;
  const bad = (id: string, about: string, damage: Damage) =>
    out.bad(`row-${name}-${id}`, about, `2.1 5 ${section}`, 'corrupt', field, pair, damage);
  bad(`${most + 1}`, `an integer of ${most + 1} for a row`, {
    faults: { [field]: become(...classList([0, most + 1, 0])) },
  });
  bad(`minus-${most + 1}`, `an integer of ${-most - 1} for a row`, {
    faults: { [field]: become(...classList([0, -most - 1, 0])) },
  });
  bad('2-30', 'an integer far out of range for a row', { faults: { [field]: become(...classList([0, 0, 2 ** 30])) } });
  const padded = classList([0, 1, 0], { k: 1 });
  bad('padding', 'a padding bit set', { faults: { [field]: become(...flip(-1, 128)(padded)) }, drawer: 'malformed' });
}
