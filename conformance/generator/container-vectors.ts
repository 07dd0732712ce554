/** The containers: valid ones, one fault each, and files that were cut off. */
import {
  body,
  type ContainerCode,
  type ContainerVector,
  type Failed,
  frame,
  header,
  index,
  map,
  metadata,
  type Rec,
  setup,
  tensor,
  text,
  type Written,
  write,
} from './containers.ts';

const HEAD = 16;
/** Errors that mean damage; after the others nothing is dropped. */
const DAMAGE = new Set<ContainerCode>(['truncated', 'checksum_mismatch', 'bad_container']);

const START: readonly Rec[] = [header(), setup(1), tensor(1, text('b10'))];
const WHOLE: readonly Rec[] = [...START, body(1, 1, 0), metadata(), body(1, 1, 1), frame(0, 1), frame(0, 1)];
/** Of WHOLE, as far as entries go. */
const LAST_BODY = 5;

/** All of them. */
export function containerVectors(): ContainerVector[] {
  const out: ContainerVector[] = [];
  const add: Add = (id, about, sections, of, rest, end) => {
    out.push({ id, about, sections: sections.split(' '), bytes: Uint8Array.from(of.bytes.slice(0, end)), ...rest });
  };
  const good: Good = (id, about, sections, records) => {
    const of = write(records);
    const found = { ...of.before.at(-1)!, sealed: 'change' in records.at(-1)! };
    add(id, about, sections, of, { scan: found, recover: { ...found, kept: of.bytes.length } });
  };
  /** One fault in record `bad`, `at` bytes behind its start. */
  const faulty: Faulty = (id, about, sections, records, bad, at, error, end) => {
    const of = write(records);
    const failed: Failed = { error, offset: of.starts[bad] + at };
    const keeps = DAMAGE.has(error) && bad > 0;
    const kept = { ...of.before[bad], sealed: false, kept: of.starts[bad], stopped: error };
    // Records before may end in an index, which then is the last.
    kept.sealed = bad > 0 && 'change' in records[bad - 1];
    add(id, about, sections, of, { scan: failed, recover: keeps ? kept : failed }, end);
  };
  valid(good);
  fileHeaders(add);
  recordHeaders(faulty);
  cuts(add);
  fields(faulty);
  maps(faulty);
  indices(faulty);
  twoIndices(add);
  return out;
}

type Good = (id: string, about: string, sections: string, records: readonly Rec[]) => void;
type Add = (
  id: string,
  about: string,
  sections: string,
  of: Written,
  rest: Pick<ContainerVector, 'scan' | 'recover'>,
  end?: number,
) => void;
type Faulty = (
  id: string,
  about: string,
  sections: string,
  records: readonly Rec[],
  bad: number,
  at: number,
  error: ContainerCode,
  end?: number,
) => void;

function valid(good: Good): void {
  good('container-header', 'a header record alone', '5 6 7.1', [header()]);
  good('container-empty-map', 'an empty header map', '7.1 8', [header(map([]))]);
  good('container-open', 'every kind of record, no index', '6 7.2 7.3 7.4 7.5 7.6 9', WHOLE);
  good('container-sealed', 'every kind of record, and an index', '7.7 10', [...WHOLE, index()]);
  good('container-sealed-empty', 'an index of nothing', '7.7', [header(), index()]);
  good('container-stale-index', 'records after an index', '7.7 10', [...START, index(), body(1, 1, 4)]);
  good('container-stale-then-sealed', 'an index that is stale, and one that counts', '7.7 10', [
    ...START,
    index(),
    body(1, 1, 4),
    index(),
  ]);
  good('container-empty-body', 'a body of no bytes', '7.4', [...START, body(1, 1, 0, [])]);
  good('container-nameless', 'tensor id 0 twice in a step', '9', [header(), setup(1), body(1, 0, 7), body(1, 0, 7)]);
  good('container-last-step', 'the largest step', '7.4 11', [...START, body(1, 1, 2 ** 53 - 1)]);
  good('container-unknown-optional', 'a type of a later draft that may be skipped', '6 7', [
    ...START,
    { type: 0x55, flags: 1, payload: [1] },
    body(1, 1, 0),
  ]);
  good('container-unknown-flags', 'an optional type of a later draft with flags of its own', '6', [
    ...START,
    { type: 0x55, flags: 0x8001, payload: [] },
  ]);
  good('container-private', 'a type for private use', '7', [...START, { type: 0x8000, flags: 1, payload: [1, 2, 3] }]);
  good('container-two-setups', 'two setups for one tensor', '7.3', [
    ...START,
    setup(2, [1]),
    body(1, 1, 0),
    body(2, 1, 1),
  ]);
}

function fileHeaders(add: Add): void {
  const one = (id: string, about: string, bytes: number[], failed: Failed, end?: number) =>
    add(id, about, '4 5', write([header()], bytes), { scan: failed, recover: failed }, end);
  const magic = text('SLCR');
  one('container-magic', 'another magic', [...text('SLCX'), 0, 1, 0, 0], { error: 'bad_magic', offset: 0 });
  one('container-magic-frame', 'the magic of a frame', [...text('SLCF'), 0, 1, 0, 0], {
    error: 'bad_magic',
    offset: 0,
  });
  one('container-magic-short', 'two bytes of the magic', [...magic, 0, 1, 0, 0], { error: 'truncated', offset: 0 }, 2);
  one('container-version', 'version 1', [...magic, 1, 1, 0, 0], { error: 'unsupported_version', offset: 4 });
  one('container-draft', 'draft 0', [...magic, 0, 0, 0, 0], { error: 'unsupported_version', offset: 5 });
  one('container-features', 'a required feature', [...magic, 0, 1, 0, 0x80], {
    error: 'unsupported_feature',
    offset: 6,
  });
  one('container-file-header-cut', 'seven bytes', [...magic, 0, 1, 0, 0], { error: 'truncated', offset: 0 }, 7);
  one('container-no-header', 'no record', [...magic, 0, 1, 0, 0], { error: 'truncated', offset: 8 }, 8);
}

function recordHeaders(faulty: Faulty): void {
  const at = LAST_BODY;
  const changed = (change: Partial<Rec>): Rec[] => WHOLE.map((r, i) => (i === at ? { ...r, ...change } : r));
  const all = (
    id: string,
    about: string,
    sections: string,
    change: Partial<Rec>,
    offset: number,
    error: ContainerCode,
  ) => faulty(`container-record-${id}`, about, sections, changed(change), at, offset, error);
  all('type-zero', 'the type 0', '7', { type: 0 }, 0, 'bad_container');
  all('type-ffff', 'the type FFFF', '7', { type: 0xffff, flags: 1 }, 0, 'bad_container');
  all('type-unknown', 'a required type of a later draft', '6', { type: 9 }, 0, 'unsupported_feature');
  all('type-private-required', 'a required type for private use', '7', { type: 0x9000, flags: 0 }, 2, 'bad_container');
  all('flag-optional', 'a body that may be skipped', '7', { flags: 1 }, 2, 'bad_container');
  all('flag-reserved', 'a reserved flag', '6', { flags: 2 }, 2, 'unsupported_feature');
  all('header-crc', 'a header whose checksum differs', '6', { fault: { headerCrc: 1 } }, 0, 'checksum_mismatch');
  all(
    'payload-crc',
    'a payload whose checksum differs',
    '6',
    { fault: { payloadCrc: 0x80 } },
    HEAD,
    'checksum_mismatch',
  );
  all('length-beyond', 'a length beyond the end', '6', { fault: { length: 4096 } }, 0, 'truncated');
  all(
    'padding',
    'padding that is not zero',
    '6',
    { fault: { padding: 1 } },
    HEAD + WHOLE[at].payload.length + 4,
    'bad_container',
  );
  faulty('container-first-not-header', 'a setup first', '9', [setup(1)], 0, 0, 'bad_container');
  faulty('container-two-headers', 'a second header', '9', [header(), header()], 1, 0, 'bad_container');
}

/** A file that ends anywhere inside its last record is recovered up to that record. */
function cuts(add: Add): void {
  const of = write(WHOLE.slice(0, LAST_BODY + 1));
  const [start, end] = of.starts.slice(-2);
  const failed: Failed = { error: 'truncated', offset: start };
  const kept = { ...of.before.at(-2)!, sealed: false, kept: start, stopped: 'truncated' as const };
  for (const [name, at] of [
    ['one-byte', start + 1],
    ['header', start + HEAD - 1],
    ['before-payload', start + HEAD],
    ['payload', start + HEAD + 9],
    ['padding', end - 1],
  ] as const) {
    add(
      `container-cut-${name}`,
      `cut off ${at - start} bytes into a record`,
      '6 10',
      of,
      { scan: failed, recover: kept },
      at,
    );
  }
  const whole = { ...of.before.at(-2)!, sealed: false };
  add(
    'container-cut-boundary',
    'cut off between records',
    '10',
    of,
    { scan: whole, recover: { ...whole, kept: start } },
    start,
  );
  const sealed = write([...WHOLE, index()]);
  const at = sealed.starts.at(-2)!;
  const records = { ...sealed.before.at(-1)!, sealed: false, kept: at, stopped: 'truncated' as const };
  add(
    'container-cut-index',
    'cut off inside the index',
    '7.7 10',
    sealed,
    { scan: { error: 'truncated', offset: at }, recover: records },
    sealed.bytes.length - 4,
  );
  const first = write([header()]);
  const none: Failed = { error: 'truncated', offset: 8 };
  add(
    'container-cut-header-record',
    'cut off inside the header record',
    '10',
    first,
    { scan: none, recover: none },
    30,
  );
}

function fields(faulty: Faulty): void {
  const last = (
    id: string,
    about: string,
    sections: string,
    record: Rec,
    at: number,
    error: ContainerCode,
    before = START,
  ) => faulty(`container-${id}`, about, sections, [...before, record], before.length, HEAD + at, error);
  last('tensor-gap', 'tensor id 3 after 1', '7.2 9', tensor(3, text('x')), 0, 'bad_container');
  last('tensor-again', 'tensor id 1 again', '7.2 9', tensor(1, text('x')), 0, 'bad_container');
  last('tensor-no-name', 'a name of no bytes', '7.2', tensor(2, []), 0, 'bad_container');
  last('tensor-long-name', 'a name of 1025 bytes', '7.2 11', tensor(2, new Array(1025).fill(0x61)), 4, 'bad_container');
  last('tensor-name-twice', 'a name that is taken', '7.2', tensor(2, text('b10')), 4, 'bad_container');
  last('tensor-not-utf-8', 'a name that is no UTF-8', '1 7.2', tensor(2, [0xc0, 0x80]), 4, 'bad_container');
  last(
    'tensor-mark',
    'a name that begins with a byte order mark',
    '1 7.2',
    tensor(2, [0xef, 0xbb, 0xbf, 0x61]),
    4,
    'bad_container',
  );
  last('setup-gap', 'setup id 3 after 1', '7.3 9', setup(3), 0, 'bad_container');
  last('setup-reserved', 'a reserved field of a setup', '7.3', setup(2, [1], 1), 4, 'unsupported_feature');
  last('setup-empty', 'a setup of no bytes', '7.3', setup(2, []), 0, 'bad_container');
  last('body-setup-zero', 'a body of setup 0', '7.4 9', body(0, 1, 0), 0, 'bad_container');
  last('body-setup-later', 'a body of a setup that is not there yet', '7.4 9', body(2, 1, 0), 0, 'bad_container');
  last('body-tensor-later', 'a body of a tensor that is not there yet', '7.4 9', body(1, 2, 0), 4, 'bad_container');
  last('body-step-too-large', 'step 2^53', '7.4 11', body(1, 1, 2 ** 53), 8, 'bad_container');
  last(
    'body-short',
    'a body record without its fields',
    '7',
    { type: 4, payload: [1, 0, 0, 0, 1, 0, 0, 0] },
    0,
    'bad_container',
  );
  last('step-back', 'a step below the last', '9', body(1, 1, 4), 8, 'bad_container', [...START, body(1, 1, 5)]);
  last('step-tensor-twice', 'a tensor twice in a step', '9', body(1, 1, 5), 4, 'bad_container', [
    ...START,
    body(1, 1, 5),
  ]);
  last('frame-reserved', 'a reserved field of a frame', '7.5', frame(1, 0, undefined, 1), 0, 'unsupported_feature');
  last('frame-magic', 'a frame that is none', '7.5', frame(1, 0, [0x53, 0x4c, 0x43, 0x52]), 16, 'bad_container');
  last('frame-tensor-later', 'a frame of a tensor that is not there yet', '7.5 9', frame(2, 0), 4, 'bad_container');
}

function maps(faulty: Faulty): void {
  const one = (id: string, about: string, payload: number[], at: number, error: ContainerCode = 'bad_container') =>
    faulty(`container-map-${id}`, about, '7.1 8', [header(payload)], 0, HEAD + at, error);
  const nested = (depth: number): number[] => (depth === 0 ? [1] : [0x91, ...nested(depth - 1)]);
  one('none', 'a payload of no bytes', [], 0);
  one('number', 'a number in place of the map', [1], 0);
  one('rest', 'bytes behind the map', [0x80, 0], 1);
  one(
    'key-twice',
    'a key twice',
    map([
      ['a', [1]],
      ['a', [2]],
    ]),
    4,
  );
  one('key-empty', 'an empty key', map([['', [1]]]), 1);
  one('key-blank', 'a key with a blank', map([['a b', [1]]]), 1);
  one('binary', 'a binary value', map([['a', [0xc4, 0]]]), 3);
  one('extension', 'an extension', map([['a', [0xd4, 1, 2]]]), 3);
  one('large-integer', '2^53', map([['a', [0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0]]]), 3);
  one('nan', 'a float that is no number', map([['a', [0xca, 0x7f, 0xc0, 0, 0]]]), 3);
  one('not-utf-8', 'a string that is no UTF-8', map([['a', [0xa1, 0xff]]]), 3);
  one('claims-more', 'an array longer than the payload', map([['a', [0xdd, 0, 1, 0, 0]]]), 3);
  one('depth-9', 'a depth of 9', map([['a', nested(8)]]), 10, 'limit_exceeded');
}

function indices(faulty: Faulty): void {
  const entry = 8 + 32;
  const put = (at: number, value: number) => (payload: number[]) => {
    payload[at < 0 ? payload.length + at : at] = value;
  };
  const one = (
    id: string,
    about: string,
    at: number,
    value: number,
    error: ContainerCode = 'bad_container',
    where = at,
  ) =>
    faulty(
      `container-index-${id}`,
      about,
      '7.7 10',
      [...START, index(put(at, value))],
      START.length,
      HEAD + where,
      error,
    );
  one('reserved', 'a reserved field', 4, 1, 'unsupported_feature');
  one('entry-reserved', 'a reserved field of an entry', entry + 18, 1, 'unsupported_feature');
  one('entry-offset', 'another offset', entry, 1);
  one('entry-step', 'another step', entry + 8, 1);
  one('entry-type', 'another type', entry + 16, 4);
  one('entry-length', 'another length', entry + 20, 99);
  one('entry-setup', 'another setup id', entry + 24, 9);
  one('entry-tensor', 'another tensor id', entry + 28, 9);
  one('own-offset', 'another offset of its own', -16, 8, 'bad_container', 8 + 2 * 32);
  one('mark', 'another end mark', -1, 0, 'bad_container', 8 + 2 * 32 + 8);
  one('count', 'another count', 0, 1);
}

/** What recovery drops may leave an index at the end that was stale before, and is just as wrong. */
function twoIndices(add: Add): void {
  const wrong = index((payload) => {
    payload[8 + 24] ^= 1;
  });
  const of = write([...START, wrong, wrong]);
  const [kept, bad] = of.starts.slice(START.length);
  const failed: Failed = { error: 'bad_container', offset: bad + HEAD + 8 + 24 };
  const recover = { ...of.before[START.length], sealed: false, kept, stopped: 'bad_container' as const };
  add('container-index-two-wrong', 'two indices that disagree', '7.7 10', of, { scan: failed, recover });
}
