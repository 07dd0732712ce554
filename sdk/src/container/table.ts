/**
 * Where the records are (`spec/container.md` § 7.7). Entries are kept as the bytes of an index payload: 32 bytes each, so a million
 * records cost 32 MiB, and comparing an index with a scan is comparing bytes.
 */
import {
  FixedBytes,
  INDEX_END_MARK,
  INDEX_ENTRY_BYTES,
  INDEX_ENTRY_RESERVED,
  INDEX_TRAILER_BYTES,
  RecordType,
} from './format.js';
import { fail } from './limits.js';

/** Kinds of record that an index lists. */
export type EntryKind = 'tensor' | 'setup' | 'body' | 'frame';

/** One line of the index. */
export interface ContainerEntry {
  kind: EntryKind;
  /** Offset of the record in the file. */
  offset: number;
  /** Bytes of the record's payload. */
  length: number;
  /** Step of a body or frame, otherwise 0. */
  step: number;
  /** Setup id of a setup or body, otherwise 0. */
  setup: number;
  /** Tensor id of a tensor, body or frame; 0 is "no name". */
  tensor: number;
}

const KINDS: readonly (EntryKind | undefined)[] = [undefined, undefined, 'tensor', 'setup', 'body', 'frame'];

/** A growing list of entries. */
export class EntryTable {
  private bytes = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);
  private n = 0;

  /** Number of entries. */
  get count(): number {
    return this.n;
  }

  push(entry: ContainerEntry): void {
    const at = this.n * INDEX_ENTRY_BYTES;
    if (at === this.bytes.length) this.grow(Math.max(16 * INDEX_ENTRY_BYTES, 2 * at));
    this.view.setBigUint64(at, BigInt(entry.offset), true);
    this.view.setBigUint64(at + 8, BigInt(entry.step), true);
    this.view.setUint16(at + 16, RecordType[entry.kind], true);
    this.view.setUint32(at + 20, entry.length, true);
    this.view.setUint32(at + 24, entry.setup, true);
    this.view.setUint32(at + 28, entry.tensor, true);
    this.n++;
  }

  get(i: number): ContainerEntry {
    if (!(i >= 0 && i < this.n)) throw new RangeError(`There is no entry ${i} among ${this.n}.`);
    return readEntry(this.view, i * INDEX_ENTRY_BYTES, 0);
  }

  /** All entries, or those of some kinds, in file order. */
  *entries(...kinds: EntryKind[]): Generator<ContainerEntry> {
    for (let i = 0; i < this.n; i++) {
      const entry = this.get(i);
      if (kinds.length === 0 || kinds.includes(entry.kind)) yield entry;
    }
  }

  /** The entries as they stand in an index. A view: the next push may leave it stale. */
  encoded(): Uint8Array {
    return this.bytes.subarray(0, this.n * INDEX_ENTRY_BYTES);
  }

  /** An independent copy. */
  copy(): EntryTable {
    const table = new EntryTable();
    table.grow(this.n * INDEX_ENTRY_BYTES);
    table.bytes.set(this.encoded());
    table.n = this.n;
    return table;
  }

  private grow(size: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.encoded());
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

/** Payload of an index record that will stand at `offset`. */
export function encodeIndex(table: EntryTable, offset: number): Uint8Array {
  const entries = table.encoded();
  const payload = new Uint8Array(FixedBytes.index + entries.length);
  const view = new DataView(payload.buffer);
  view.setUint32(0, table.count, true);
  payload.set(entries, 8);
  view.setBigUint64(8 + entries.length, BigInt(offset), true);
  payload.set(INDEX_END_MARK, 16 + entries.length);
  return payload;
}

/** Checks the frame of an index payload and returns its entries, still encoded. `base` is the payload's offset in the file. */
export function indexEntries(payload: Uint8Array, base: number, recordOffset: number): Uint8Array {
  if (payload.length < FixedBytes.index) throw fail('bad_container', 'An index that is too short.', base);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const count = view.getUint32(0, true);
  if (payload.length !== FixedBytes.index + count * INDEX_ENTRY_BYTES) {
    throw fail('bad_container', `An index of ${count} entries cannot have ${payload.length} bytes.`, base);
  }
  if (view.getUint32(4, true) !== 0)
    throw fail('unsupported_feature', 'A reserved field of the index is not 0.', base + 4);
  const trailer = payload.length - INDEX_TRAILER_BYTES;
  if (view.getBigUint64(trailer, true) !== BigInt(recordOffset)) {
    throw fail('bad_container', 'The index gives a wrong offset for itself.', base + trailer);
  }
  if (!INDEX_END_MARK.every((byte, i) => payload[trailer + 8 + i] === byte)) {
    throw fail('bad_container', 'The end mark of the index is wrong.', base + trailer + 8);
  }
  return payload.subarray(8, trailer);
}

/** Decodes the entry at `at` of `view`; `base` is the offset of `view` in the file. */
export function readEntry(view: DataView, at: number, base: number): ContainerEntry {
  const offset = view.getBigUint64(at, true);
  const step = view.getBigUint64(at + 8, true);
  const kind = KINDS[view.getUint16(at + 16, true)];
  if (kind === undefined) throw fail('bad_container', 'An index entry for a type that is not listed.', base + at + 16);
  if (view.getUint16(at + INDEX_ENTRY_RESERVED, true) !== 0) {
    throw fail('unsupported_feature', 'A reserved field of an index entry is not 0.', base + at + INDEX_ENTRY_RESERVED);
  }
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  if (offset > most) throw fail('bad_container', 'An index entry points beyond 2^53 - 1.', base + at);
  if (step > most) throw fail('bad_container', 'A step beyond 2^53 - 1.', base + at + 8);
  return {
    kind,
    offset: Number(offset),
    length: view.getUint32(at + 20, true),
    step: Number(step),
    setup: view.getUint32(at + 24, true),
    tensor: view.getUint32(at + 28, true),
  };
}
