/** Setups and bare bodies (§ 3.2), variable rows. */
import type { Collection } from '../collection.ts';
import { setupOf } from '../model.ts';
import { coded, family, type Source } from '../samples.ts';

/** What containers and sessions carry. */
export function bareVectors(out: Collection, source: Source): void {
  const bare = { bare: true };
  const raw = Uint8Array.from({ length: 12 }, (_, i) => 200 + i);
  const bytes = setupOf({ type: 'uint8', dims: [4, 3] });
  out.good('bare-raw', 'a setup and a raw body', '3.2 5.1', bytes, { raw }, bare);
  const [s, b] = coded({}, source('bare'));
  out.good('bare-coded', 'the last segment takes what remains', '3.2 5.2', s, b, bare);
  out.good('bare-coded-raw', 'a raw body of a coded setup', '3.2 5', s, { raw: new Uint8Array(480).fill(63) }, bare);
  const segments = { ...s, segmentSize: 4, lanes: 4 as const };
  out.good('bare-segments', 'all lengths but the last', '3.2 5.2', segments, b, bare);
  out.good('bare-checksum', 'a body with a checksum', '3.2 13', { ...segments, bodyChecksum: true }, b, bare);
  out.good(
    'bare-checksum-raw',
    'a raw body with a checksum',
    '3.2 13',
    { ...bytes, bodyChecksum: true },
    { raw },
    bare,
  );
  const rows = { variableRows: true, layout: 'rows' as const, dims: [40, 6] };
  const some = { ...rows, classes: { rows: true }, tables: family(30), scales: { rows: true } };
  for (const n of [0, 1, 10]) {
    const [wide] = coded(some, source('rows'));
    const [, body] = coded({ dims: [n, 6], layout: 'rows' }, source(`rows ${n}`));
    const lists = {
      rowClasses: Array.from({ length: n }, (_, i) => i),
      rowScales: Array.from({ length: n }, (_, i) => 2 - i),
    };
    out.good(`bare-rows-${n}`, `${n} of at most 40 rows`, '4.1 5 9.1 10', wide, { ...body, ...lists, rows: n }, bare);
  }
  out.good(
    'bare-rows-raw',
    'a raw body of 2 rows',
    '4.1 5',
    { ...bytes, variableRows: true },
    { raw: raw.slice(0, 6), rows: 2 },
    bare,
  );
}
