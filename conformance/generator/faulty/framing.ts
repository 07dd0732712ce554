/** Faults of frames as a whole, truncation in every field, caps, precedence (§ 2, § 3, § 14). */
import { bin } from '../bins.ts';
import type { Collection, Damage } from '../collection.ts';
import { type Body, type Setup, setupOf } from '../model.ts';
import { coded, family, type Source } from '../samples.ts';
import { bareSetup, standalone } from '../stream.ts';
import { append, become, flip } from './damage.ts';

type Pair = readonly [Setup, Body];

/** Magic, checksum, trailing bytes, truncation. */
export function faultyFrames(out: Collection, source: Source): void {
  const raw: Pair = [setupOf({ type: 'int8', dims: [2, 3] }), { raw: Uint8Array.of(1, 2, 3, 4, 5, 6) }];
  const malformed: Damage = { drawer: 'malformed' };
  const magic = (id: string, about: string, bytes: number[]) =>
    out.bad(id, about, '3.1', 'bad_magic', 'magic', raw, { ...malformed, faults: { magic: become(...bytes) } });
  magic('magic-first', 'another first byte', [0x54, 0x4c, 0x43, 0x46]);
  magic('magic-last', 'another last byte', [0x53, 0x4c, 0x43, 0x47]);
  const short = { faults: { magic: become(0x53, 0x4d) }, cut: { field: 'magic', less: 0 } };
  out.bad('magic-short', 'two bytes that are no prefix of the magic', '3.1', 'bad_magic', 'magic', raw, {
    ...malformed,
    ...short,
  });
  for (const n of [0, 1, 3]) {
    out.bad(`magic-prefix-${n}`, `${n} bytes of the magic`, '3.1', 'truncated', 'magic', raw, {
      ...malformed,
      cut: { field: 'magic', less: 4 - n },
    });
  }
  const real = coded({}, source('framing'));
  for (const [name, pair] of [
    ['raw', raw],
    ['coded', real],
  ] as const) {
    const bad = { ...malformed, faults: { checksum: flip(0, 1) } };
    out.bad(`checksum-${name}`, 'a checksum of other bytes', '3.1 13', 'checksum_mismatch', 'checksum', pair, bad);
    out.bad(`trailing-${name}`, 'a byte behind the checksum', '3.1', 'trailing_bytes', 'end', pair, {
      ...malformed,
      extra: [0],
    });
  }
  const zero = { ...malformed, faults: { checksum: become(0, 0, 0, 0) } };
  out.bad('checksum-zero', 'zeros instead of a checksum', '13', 'checksum_mismatch', 'checksum', raw, zero);
  const all: Partial<Setup> = {
    layout: { axes: [0, 2, 1, 3], groups: [1, 1, 1] },
    scales: { rows: true, channels: [1, -1, 2, 5] },
    classes: { rows: true, channels: [0, 1, 2, 1] },
    thresholds: [1, 3],
    tables: family(9, 1, 2, 4),
    segmentSize: 3,
    variableRows: true,
    metadata: [{ type: 100, data: [1, 2, 3] }],
    bodyChecksum: true,
  };
  const [s, b] = coded(all, source('truncation'));
  const rich: Pair = [s, { ...b, rows: 2, stepIndex: -1, rowScales: [2, -2], rowClasses: [0, 1] }];
  truncation(out, rich);
  caps(out);
  precedence(out, raw, real);
}

/** A cut in the last byte of every field. */
function truncation(out: Collection, pair: Pair): void {
  const flags: Damage = { drawer: 'malformed', flags: ['truncation'] };
  const sections: Record<string, string> = {
    version: '3.1',
    draft: '3.1',
    features: '4',
    type: '4.1',
    dims: '4.1',
    head: '4.2',
    axes: '6',
    step: '11',
    scales: '10',
    bins: '7',
    tables: '8',
    classes: '9.1',
    contexts: '9.2',
    segmentSize: '5.2',
    metadata: '4.4',
    bodyHeader: '5',
    rowCount: '5',
    stepIndex: '5',
    rowScales: '10',
    rowClasses: '9.1',
    segmentTable: '5.2',
    payload: '5.2',
    checksum: '13',
  };
  const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
  for (const { name } of standalone(...pair).marks) {
    if (!sections[name]) continue;
    const about = `cut off before the last byte of ${name}`;
    out.bad(`truncated-${kebab(name)}`, about, sections[name], 'truncated', name, pair, {
      ...flags,
      cut: { field: name, less: 1 },
    });
  }
  for (const { name } of bareSetup(pair[0]).marks) {
    if (!sections[name]) continue;
    const about = `a setup cut off before the last byte of ${name}`;
    out.bad(`bare-truncated-${kebab(name)}`, about, `3.2 ${sections[name]}`, 'truncated', name, pair, {
      ...flags,
      cut: { field: name, less: 1 },
      setupOnly: true,
    });
  }
  const [s, b] = pair;
  const open: Pair = [{ ...s, bodyChecksum: false }, b];
  for (const name of ['rowCount', 'stepIndex', 'rowScales', 'rowClasses', 'segmentTable']) {
    const about = `a body cut off before the last byte of ${name}`;
    out.bad(`bare-truncated-${kebab(name)}`, about, `3.2 ${sections[name]}`, 'truncated', name, open, {
      ...flags,
      cut: { field: name, less: 1 },
      bare: true,
    });
  }
}

/** Small frames that announce large tensors. */
function caps(out: Collection): void {
  const one = setupOf({
    type: 'float32',
    dims: [1],
    step: 1,
    bins: { kind: 'list', bins: [bin(-3)] },
    tables: family(1),
  });
  const limits = { maxBytes: 2 ** 26 };
  for (const [name, dims, lanes] of [
    ['2-31', [0xff, 0xff, 0xff, 0xff, 0x07], 1],
    ['2-30-lanes-32', [0x80, 0x80, 0x80, 0x80, 0x04], 32],
  ] as const) {
    const pair: Pair = [{ ...one, lanes }, { levels: [-3] }];
    const faults = { dims: become(...dims) };
    const about = 'a frame of some 30 bytes (160 with 32 lanes) that announces a tensor of gigabytes';
    out.bad(`expansion-${name}`, about, '14.2', 'limit_exceeded', 'dims', pair, {
      faults,
      limits,
      flags: ['expansion'],
    });
  }
}

/** Two faults in one file: the one that is read first decides (§ 2, § 3.1, § 4.2). */
function precedence(out: Collection, raw: Pair, real: Pair): void {
  const both = (
    id: string,
    about: string,
    sections: string,
    error: Parameters<Collection['bad']>[3],
    field: string,
    pair: Pair,
    damage: Damage,
  ) => out.bad(`first-${id}`, about, sections, error, field, pair, { ...damage, flags: ['precedence'] });
  const rank2: Pair = [{ ...real[0], dims: [2, 60], layout: 'rows' }, real[1]];
  both('layout-then-domain', 'a layout that does not fit, and a reserved domain', '4.2 6', 'bad_dims', 'head', rank2, {
    faults: { head: become(1 | (3 << 2)) },
  });
  both('domain-then-lanes', 'a domain that does not fit, and reserved lanes', '4.2', 'corrupt', 'head', real, {
    faults: { head: become(1 | (1 << 2) | (9 << 4)) },
  });
  both('type-then-rank', 'a reserved type, and a rank above 8', '4.1', 'unsupported_feature', 'type', raw, {
    faults: { type: become(7 | (9 << 3)) },
  });
  both('features-then-type', 'a reserved feature, and a reserved type', '4', 'unsupported_feature', 'features', raw, {
    faults: { features: become(0x80, 0x80, 0x02), type: become(7 | (9 << 3)) },
  });
  both('trailing-then-checksum', 'a byte behind a wrong checksum', '3.1', 'trailing_bytes', 'end', raw, {
    faults: { checksum: flip(0, 1) },
    extra: [0],
  });
  both(
    'checksum-then-payload',
    'a payload that cannot be decoded under a wrong checksum',
    '3.1',
    'checksum_mismatch',
    'checksum',
    real,
    { faults: { 'segment0.words': append(0, 0), checksum: flip(0, 1) } },
  );
  both('field-then-checksum', 'a wrong step under a wrong checksum', '3.1', 'corrupt', 'step', real, {
    faults: { step: become(0, 0, 0, 0), checksum: flip(0, 1) },
  });
  both('magic-then-version', 'another magic, and another version', '3.1', 'bad_magic', 'magic', raw, {
    faults: { magic: become(1, 2, 3, 4), version: become(9) },
  });
  both('version-then-features', 'another draft, and a reserved feature', '3.1', 'unsupported_version', 'draft', raw, {
    faults: { draft: become(9), features: become(0x80, 0x80, 0x02) },
  });
}
