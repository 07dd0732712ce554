/** Shapes, layouts, framing that are legal and rare (§ 3, § 4, § 6). */
import { bin } from '../bins.ts';
import type { Collection, Notes } from '../collection.ts';
import { makerOf } from '../maker.ts';
import { setupOf } from '../model.ts';
import { family, type Source, UNITS } from '../samples.ts';
import { byIndex } from '../valid/planes.ts';

const RARE: Notes = { drawer: 'legal-but-rare' };

/** Empty tensors, ranks, axes, metadata, row counts. */
export function rareShapes(out: Collection, source: Source): void {
  const make = makerOf(out, source, { notes: RARE });
  const zero = { classes: { rows: true }, scales: { rows: true }, tables: family(4) };
  make('empty-coded', 'no elements, no segments', '4.1 5.2', { dims: [0, 3], layout: 'rows' });
  make(
    'empty-bare',
    'an empty body but for its header',
    '3.2 5.2',
    { dims: [0, 3], layout: 'rows' },
    {},
    { bare: true },
  );
  const rowsOnly = { rowClasses: [1, 2], rowScales: [3, 4] };
  make(
    'empty-planes',
    'planes without values still have classes and scales',
    '4.1 9.1',
    { ...zero, dims: [2, 3, 0, 5] },
    rowsOnly,
  );
  make('empty-channels', 'no channels: an empty class list', '2.1 9.1', {
    dims: [2, 0, 3, 3],
    classes: { channels: [] },
  });
  make(
    'empty-no-rows',
    'no rows: empty class lists',
    '2.1 9.1',
    { ...zero, dims: [0, 2, 3, 3] },
    { rowClasses: [], rowScales: [] },
  );
  make('empty-large-dims', 'non-zero dims of 2^30 in a tensor without elements', '4.1', {
    dims: [32768, 0, 32768],
    layout: 'rows',
  });
  make(
    'empty-segments',
    'a segment size, and no segments',
    '5.2',
    { dims: [2, 0, 3, 3], segmentSize: 2 },
    {},
    { bare: true },
  );
  make('rank-8-coded', 'eight axes', '4.1 6', { dims: [1, 2, 1, 3, 2, 1, 2, 1], layout: 'nchw' });
  make('rank-8-nhwc', 'eight axes, the last are channels', '4.1 6', { dims: [2, 1, 3, 2, 1, 2, 1, 3], layout: 'nhwc' });
  const axes = (list: number[], a: number, b: number, c: number) => ({
    axes: list,
    groups: [a, b, c] as [number, number, number],
  });
  const contexts = { thresholds: [1, 2], tables: family(3, 0, 5, 9) };
  make('explicit-as-nchw', 'the order that nchw has', '6', { layout: axes([0, 1, 2, 3], 1, 1, 1) });
  make('explicit-one-plane', 'no rows, no channels: one plane', '6', {
    ...contexts,
    layout: axes([3, 1, 0, 2], 0, 0, 2),
  });
  make('explicit-all-rows', 'all axes are rows', '6', { ...contexts, layout: axes([3, 2, 1, 0], 4, 0, 0) });
  make('explicit-all-channels', 'all axes are channels', '6', {
    layout: axes([1, 0, 3, 2], 0, 4, 0),
    classes: { channels: byIndex(120).map((i) => i % 9) },
    tables: family(9),
  });
  make('explicit-all-height', 'all axes are H', '6', { ...contexts, layout: axes([1, 2, 3, 0], 0, 0, 4) });
  make('explicit-scalar', 'no axes at all', '6', { dims: [], layout: axes([], 0, 0, 0) });
  make('explicit-rank-8', 'eight axes, turned about', '6', {
    ...contexts,
    dims: [2, 1, 3, 1, 2, 2, 1, 2],
    layout: axes([7, 0, 5, 2, 1, 3, 4, 6], 2, 2, 3),
  });
  const rows = { variableRows: true, classes: { rows: true }, tables: family(8) };
  const turned = axes([2, 0, 1, 3], 2, 1, 1);
  make(
    'rows-explicit',
    'axis 0 is the second of the row axes: 2 × 4 rows of the setup’s 5 × 4',
    '4.1 6 9.1',
    { ...rows, dims: [2, 3, 4, 5], layout: turned },
    { rows: 2, rowClasses: byIndex(8) },
    { bare: true },
  );
  make(
    'rows-standalone',
    'a row count in a frame',
    '3.1 5',
    { ...rows, dims: [2, 9], layout: 'rows' },
    { rows: 2, rowClasses: [3, 4] },
  );
  make(
    'rows-setup-of-none',
    'at most 0 rows',
    '4.1 5',
    { variableRows: true, dims: [0, 9], layout: 'rows' },
    { rows: 0 },
  );
  make('checksum-standalone', 'BODY_CHECKSUM changes nothing in a frame', '4', { bodyChecksum: true });
  make(
    'checksum-empty',
    'a checksum behind an empty body',
    '3.2',
    { bodyChecksum: true, dims: [0, 3], layout: 'rows' },
    {},
    { bare: true },
  );
  const raw = { raw: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const bytes = setupOf({ type: 'uint8', dims: [1, 2, 3] });
  out.good(
    'raw-explicit',
    'a layout that only a coded body would use',
    '4.2 6',
    { ...bytes, layout: axes([2, 1, 0], 1, 1, 1) },
    raw,
    RARE,
  );
  out.good('raw-nhwc', 'a layout that only a coded body would use', '4.2 6', { ...bytes, layout: 'nhwc' }, raw, RARE);
  const metadata = byIndex(200).map((i) => ({ type: i * 21474836, data: byIndex(i % 5) }));
  make('metadata-200', '200 records of many types behind a coded setup', '4.4', { metadata });
  make(
    'metadata-bare',
    'metadata in a bare setup',
    '4.4 3.2',
    { metadata: metadata.slice(0, 3), segmentSize: 2 },
    {},
    { bare: true },
  );
  const everything = {
    classes: { rows: true, channels: [0, 1, -1] },
    scales: { rows: true, channels: [5, 0, -5] },
    ...contexts,
  };
  const lists = { rowClasses: [0, 1], rowScales: [-3, 3], stepIndex: -2 };
  const all = {
    ...everything,
    tables: family(6, 1, 2, 5),
    segmentSize: 4,
    metadata: metadata.slice(0, 2),
    bodyChecksum: true,
    variableRows: true,
  };
  make('all-features', 'every feature at once', '4 5', { ...all, lanes: 4 }, { ...lists, rows: 2 });
  make(
    'all-features-bare',
    'every feature at once',
    '4 5 3.2',
    { ...all, lanes: 8 },
    { ...lists, rows: 2 },
    { bare: true },
  );
  expansion(out);
}

/** § 14.3: a token that costs nothing. */
function expansion(out: Collection): void {
  const notes: Notes = { ...RARE, flags: ['expansion'] };
  const s = setupOf({
    type: 'float32',
    dims: [1024, 1024],
    step: 1,
    bins: { kind: 'list', bins: [bin(-3)] },
    tables: family(1),
  });
  const levels = Array<number>(2 ** 20).fill(-3);
  out.good('expansion-float32', '2^20 floats from a frame of some 30 bytes', '14.2', s, { levels }, notes);
  const bytes = setupOf({ ...s, type: 'int8', domain: 'integer', lanes: 32, dims: [2 ** 20] });
  out.good('expansion-int8-lanes-32', '2^20 integers from the states of 32 lanes', '14.2', bytes, { levels }, notes);
  const units = setupOf({
    ...bytes,
    bins: UNITS,
    lanes: 1,
    dims: [1024, 64],
    tables: {
      kind: 'inline',
      precision: 12,
      logs: [
        Array(15)
          .fill(1)
          .map((q, i) => (i === 7 ? 49 : q)),
      ],
    },
  });
  out.good(
    'expansion-skewed',
    '2^16 zeros at a cost near nothing each',
    '14.2',
    units,
    { levels: Array(65536).fill(0) },
    notes,
  );
}
