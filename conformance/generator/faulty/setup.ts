/** Faults in every field of the setup (§ 3, § 4, § 6). */
import { f32OfBits, varint } from '../bytes.ts';
import type { Code, Collection, Damage } from '../collection.ts';
import { type Setup, setupOf } from '../model.ts';
import { coded, type Source } from '../samples.ts';
import { become } from './damage.ts';

const OVERLONG = [0x82, 0x00];
const TOO_LARGE = [0x80, 0x80, 0x80, 0x80, 0x10];
const SIX_BYTES = [0x82, 0x80, 0x80, 0x80, 0x80, 0x00];

/** Version, features, type, dims, head, axes, profile, step, segment size, metadata. */
export function faultySetups(out: Collection, source: Source): void {
  const raw = setupOf({ type: 'int8', dims: [2, 3] });
  const body = { raw: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const [s, b] = coded({}, source('faulty'), []);
  const field = (
    id: string,
    about: string,
    sections: string,
    error: Code,
    name: string,
    bytes: number[],
    some: Partial<Setup> = {},
    damage: Damage = {},
  ) =>
    out.bad(id, about, sections, error, name, [{ ...s, ...some }, b], {
      faults: { [name]: become(...bytes) },
      ...damage,
    });
  const plain = (
    id: string,
    about: string,
    sections: string,
    error: Code,
    name: string,
    bytes: number[],
    some = {},
    damage: Damage = {},
  ) =>
    out.bad(id, about, sections, error, name, [{ ...raw, ...some }, body], {
      faults: { [name]: become(...bytes) },
      ...damage,
    });
  const malformed: Damage = { drawer: 'malformed' };
  const setupOnly: Damage = { setupOnly: true };

  plain('version-1', 'another version', '3.1 22', 'unsupported_version', 'version', [1], {}, malformed);
  plain('version-255', 'another version', '3.1 22', 'unsupported_version', 'version', [255], {}, malformed);
  plain('draft-0', 'an earlier draft', '3.1 22', 'unsupported_version', 'draft', [0], {}, malformed);
  plain('draft-1', 'an earlier draft', '3.1 22', 'unsupported_version', 'draft', [1], {}, malformed);
  plain('draft-3', 'a later draft', '3.1 22', 'unsupported_version', 'draft', [3], {}, malformed);
  plain(
    'bare-version-1',
    'another version',
    '3.2',
    'unsupported_version',
    'version',
    [1],
    {},
    { ...malformed, ...setupOnly },
  );
  plain(
    'bare-draft-3',
    'a later draft',
    '3.2',
    'unsupported_version',
    'draft',
    [3],
    {},
    { ...malformed, ...setupOnly },
  );

  for (const bit of [13, 15, 16, 24, 31]) {
    field(
      `feature-${bit}`,
      `feature bit ${bit} is reserved`,
      '4',
      'unsupported_feature',
      'features',
      varint(2 ** bit + 1),
    );
  }
  for (const bit of [1, 2, 3, 4, 7, 10, 11, 12]) {
    const about = `feature bit ${bit} needs bit 0`;
    plain(`feature-${bit}-without-coded`, about, '4', 'unsupported_feature', 'features', varint(2 ** bit));
  }
  for (const [name, bytes] of [
    ['overlong', OVERLONG],
    ['too-large', TOO_LARGE],
    ['six-bytes', SIX_BYTES],
  ] as const) {
    plain(
      `features-varint-${name}`,
      `features: a varint that is ${name}`,
      '2 4',
      'corrupt',
      'features',
      [...bytes],
      {},
      malformed,
    );
    plain(
      `dims-varint-${name}`,
      `dims: a varint that is ${name}`,
      '2 4.1',
      'corrupt',
      'dims',
      [...bytes, 3],
      {},
      malformed,
    );
  }

  plain('type-7', 'a reserved element type', '4.1', 'unsupported_feature', 'type', [(2 << 3) | 7]);
  plain('type-bit-7', 'bit 7 of the type byte', '4.1', 'unsupported_feature', 'type', [128 | (2 << 3) | 3]);
  plain('rank-9', 'a rank above 8', '4.1', 'bad_dims', 'type', [(9 << 3) | 3]);
  plain('rank-15', 'a rank above 8', '4.1', 'bad_dims', 'type', [(15 << 3) | 3]);
  plain('dims-product-2-31', 'a product of 2^31', '4.1', 'bad_dims', 'dims', [...varint(65536), ...varint(32768)]);
  plain('dims-product-2-64', 'a product of 2^64 − 2^33 + 1, which wraps to little', '4.1', 'bad_dims', 'dims', [
    ...varint(4294967295),
    ...varint(4294967295),
  ]);
  plain('dims-2-32-less-1', 'the largest varint as a dim', '4.1', 'bad_dims', 'dims', [...varint(4294967295), 1]);
  const three = { dims: [0, 1, 1] };
  plain(
    'dims-product-beside-zero',
    'a product of 2^31 beside a dim of 0',
    '4.1',
    'bad_dims',
    'dims',
    [0, ...varint(65536), ...varint(32768)],
    three,
  );

  field('domain-3', 'a reserved domain', '4.2', 'unsupported_feature', 'head', [1 | (3 << 2)]);
  for (const lanes of [5, 6, 8, 15]) {
    field(`lanes-code-${lanes}`, 'a reserved number of lanes', '4.2', 'unsupported_feature', 'head', [
      1 | (lanes << 4),
    ]);
  }
  plain('raw-with-domain', 'a domain without CODED', '4.2', 'unsupported_feature', 'head', [1 << 2]);
  plain('raw-with-lanes', 'lanes without CODED', '4.2', 'unsupported_feature', 'head', [1 << 4]);
  plain('nchw-rank-2', 'a layout that does not fit the rank', '6', 'bad_dims', 'head', [1]);
  plain('nhwc-rank-2', 'a layout that does not fit the rank', '6', 'bad_dims', 'head', [2]);
  field('integer-domain-float', 'the integer domain with a float type', '4.2', 'corrupt', 'head', [1 | (1 << 2)]);
  field(
    'float-bits-domain-int',
    'the float-bits domain with an integer type',
    '4.2',
    'corrupt',
    'head',
    [1 | (2 << 2)],
    { type: 'int16' },
  );

  const layout = { axes: [1, 0], groups: [1, 1, 0] as [number, number, number] };
  const axes = (id: string, about: string, bytes: number[], some = {}) =>
    plain(id, about, '6', 'bad_dims', 'axes', bytes, { layout, ...some });
  axes('axes-repeated', 'no permutation: an axis twice', [1, 1, 1, 1, 0]);
  axes('axes-out-of-range', 'an axis that does not exist', [0, 2, 1, 1, 0]);
  axes('axes-255', 'an axis that does not exist', [0, 255, 1, 1, 0]);
  axes('groups-too-many', 'groups of more axes than there are', [1, 0, 1, 1, 1]);
  axes('groups-wrap', 'groups whose sum passes 255', [1, 0, 255, 1, 1]);
  const rows = { variableRows: true };
  axes('rows-axis-0-not-first', 'ROWS, and axis 0 is a channel axis', [1, 0, 1, 1, 0], rows);
  const rank1 = { ...raw, dims: [6], ...rows };
  out.bad('rows-rank-1', 'ROWS, and no row axes', '6', 'bad_dims', 'head', [rank1, { ...body, rows: 6 }], {});
  out.bad(
    'rows-rank-0',
    'ROWS, and no axes',
    '6',
    'bad_dims',
    'head',
    [
      { ...raw, dims: [], ...rows },
      { ...body, rows: 1 },
    ],
    {},
  );

  for (const [name, bits] of [
    ['zero', 0],
    ['minus-zero', 0x80000000],
    ['negative', 0xbe800000],
    ['infinite', 0x7f800000],
    ['nan', 0x7fc00000],
    ['negative-nan', 0xffc00000],
  ] as const) {
    field(
      `step-is-${name}`,
      `a step of ${f32OfBits(bits)}`,
      '11',
      'corrupt',
      'step',
      [0, 8, 16, 24].map((n) => (bits >>> n) & 255),
    );
  }
  field('segment-size-0', 'segments of no planes', '5.2', 'corrupt', 'segmentSize', [0], { segmentSize: 1 });
  field(
    'segment-size-overlong',
    'an overlong varint',
    '2 5.2',
    'corrupt',
    'segmentSize',
    OVERLONG,
    { segmentSize: 1 },
    malformed,
  );
  const metadata = { metadata: [{ type: 64, data: [1, 2, 3] }] };
  const last = { ...metadata, ...{ bodyChecksum: true } };
  for (const [name, bytes] of [
    ['length-too-long', [1, 64, 200, 1, 1, 2, 3]],
    ['length-2-32-less-1', [1, 64, 255, 255, 255, 255, 15, 1, 2, 3]],
    ['count-too-large', [255, 255, 255, 255, 15, 64, 0]],
  ] as const) {
    const about = `metadata: ${name.replaceAll('-', ' ')}`;
    plain(`metadata-${name}`, about, '4.4', 'truncated', 'metadata', [...bytes], last, { ...malformed, ...setupOnly });
  }
  plain('metadata-count-overlong', 'an overlong varint', '2 4.4', 'corrupt', 'metadata', [0x80, 0], last, {
    ...malformed,
    ...setupOnly,
  });
  plain('metadata-type-too-large', 'a type of 2^32', '2 4.4', 'corrupt', 'metadata', [1, ...TOO_LARGE, 0], last, {
    ...malformed,
    ...setupOnly,
  });
}
