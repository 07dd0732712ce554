/**
 * Seeking in a container that is not in memory: a `Blob` (a browser's File, `fs.openAsBlob` in Node, `Bun.file`), or anything that can
 * read a range of bytes.
 */
import {
  FILE_HEADER_BYTES,
  FixedBytes,
  FormatLimit,
  INDEX_END_MARK,
  INDEX_ENTRY_BYTES,
  INDEX_TRAILER_BYTES,
  RECORD_HEADER_BYTES,
  RecordType,
} from './format.js';
import { type ContainerLimits, fail, resolveLimits } from './limits.js';
import type { ContainerMap } from './msgpack.js';
import { checkFileHeader, checkPayload, type RecordHeader, readRecordHeader } from './record.js';
import { ContainerState, readDataFields } from './state.js';
import { ContainerStream } from './stream.js';
import { type ContainerEntry, type EntryKind, indexEntries, readEntry } from './table.js';

/** A file that can be read in any place. */
export interface RandomAccess {
  /** Bytes in the file. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

const SCAN_PIECE = 1 << 20;

/**
 * Opens a container for seeking. With an index, only header, index and names are read; without one the whole file is scanned once.
 * Every record is checked when it is read, against its checksums and against the index.
 */
export async function openContainer(source: RandomAccess | Blob, limits?: ContainerLimits): Promise<ContainerFile> {
  const file: RandomAccess = 'read' in source ? source : blobAccess(source);
  if (file.size > FormatLimit.step) throw fail('limit_exceeded', 'A file of more than 2^53 - 1 bytes.', 0);
  const caps = resolveLimits(limits);
  checkFileHeader(await file.read(0, Math.min(file.size, FILE_HEADER_BYTES)));
  const index = await findIndex(file, caps);
  const state = new ContainerState(caps);
  if (!index) {
    const stream = new ContainerStream(pieces(file), limits);
    for await (const _ of stream) void _;
    return new ContainerFile(file, stream.state, stream.state.indexOffset !== undefined);
  }
  const opened = new ContainerFile(file, state, true);
  await opened.load(index.entries, index.offset);
  return opened;
}

/** A container on disk or behind some other range reader. */
export class ContainerFile {
  private readonly setups = new Map<number, Uint8Array>();
  private readonly setupEntries: ContainerEntry[] = [];

  /** @internal Made by {@link openContainer}. */
  constructor(
    private readonly file: RandomAccess,
    private readonly state: ContainerState,
    /** True when the file ends with an index. */
    readonly sealed: boolean,
  ) {
    for (const entry of state.table.entries('setup')) this.setupEntries.push(entry);
    for (const [i, bytes] of state.setups.entries()) this.setups.set(i + 1, bytes);
  }

  /** The header map. */
  get header(): ContainerMap {
    return this.state.header ?? {};
  }

  /** Tensor names in order; the tensor with id n is `names[n - 1]`. */
  get names(): readonly string[] {
    return this.state.names;
  }

  /** Entries in file order, of all kinds or of the ones named. */
  entries(...kinds: EntryKind[]): Generator<ContainerEntry> {
    return this.state.table.entries(...kinds);
  }

  /** Bytes of the setup with this id; read once, then kept. */
  async setup(id: number): Promise<Uint8Array> {
    const known = this.setups.get(id);
    if (known) return known;
    const entry = this.setupEntries[id - 1];
    if (!entry) throw fail('invalid_option', `There is no setup ${id}.`, 0, 'Take the id from a body entry.');
    const bytes = await this.read(entry);
    this.setups.set(id, bytes);
    return bytes;
  }

  /** Reads one entry: the encoded body or frame, the setup, or the UTF-8 of a name. */
  async read(entry: ContainerEntry): Promise<Uint8Array> {
    const { head, payload } = await readRecord(this.file, entry.offset, this.state.limits);
    const base = entry.offset + RECORD_HEADER_BYTES;
    if (head.type !== RecordType[entry.kind] || head.length !== entry.length) throw disagrees(entry);
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    if (entry.kind === 'body' || entry.kind === 'frame') {
      const found = readDataFields(head, payload);
      if (found.setup !== entry.setup || found.tensor !== entry.tensor || found.step !== entry.step)
        throw disagrees(entry);
      return payload.subarray(FixedBytes.body);
    }
    const fixed = FixedBytes[entry.kind];
    if (payload.length <= fixed) throw fail('bad_container', 'A payload that is too short.', base);
    if (view.getUint32(0, true) !== (entry.kind === 'setup' ? entry.setup : entry.tensor)) throw disagrees(entry);
    if (entry.kind === 'setup' && view.getUint32(4, true) !== 0) {
      throw fail('unsupported_feature', 'A reserved field is not 0.', base + 4);
    }
    return payload.subarray(fixed);
  }

  /** @internal Takes over an index: the order rules on its entries, then header and names from their records. */
  async load(encoded: Uint8Array, indexOffset: number): Promise<void> {
    const { state } = this;
    const count = encoded.length / INDEX_ENTRY_BYTES;
    const base = indexOffset + RECORD_HEADER_BYTES + 8;
    if (count > state.limits.maxRecords) {
      throw fail('limit_exceeded', `More than ${state.limits.maxRecords} records (maxRecords).`, base - 8);
    }
    const { head, payload } = await readRecord(this.file, FILE_HEADER_BYTES, state.limits);
    state.accept(head, payload);
    const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
    let free = FILE_HEADER_BYTES + head.totalBytes;
    for (let i = 0; i < count; i++) {
      const at = i * INDEX_ENTRY_BYTES;
      const entry = readEntry(view, at, base);
      // Records that the index does not list (metadata) may lie between two entries, so a gap is fine; an overlap is not.
      if (entry.offset < free || entry.offset % 8 !== 0 || entry.offset >= indexOffset) {
        throw fail('bad_container', `Index entry ${i} points to ${entry.offset}.`, base + at);
      }
      free = entry.offset + RECORD_HEADER_BYTES + entry.length;
      await this.admit(entry, base + at);
    }
  }

  private async admit(entry: ContainerEntry, at: number): Promise<void> {
    const { state } = this;
    if (entry.kind === 'tensor') {
      // accept() checks the name, counts it and pushes the entry.
      const { head, payload } = await readRecord(this.file, entry.offset, state.limits);
      if (head.type !== RecordType.tensor || head.length !== entry.length || entry.setup !== 0 || entry.step !== 0) {
        throw disagrees(entry);
      }
      const record = state.accept(head, payload);
      if (record.kind !== 'tensor' || record.tensor !== entry.tensor) throw disagrees(entry);
      return;
    }
    if (entry.kind === 'setup') {
      if (entry.tensor !== 0 || entry.step !== 0) throw disagrees(entry);
      if (this.setupEntries.length >= state.limits.maxSetups) {
        throw fail('limit_exceeded', `More than ${state.limits.maxSetups} setups (maxSetups).`, at);
      }
      state.rules.setup(entry.setup, at + 24);
      this.setupEntries.push(entry);
    } else {
      if (entry.kind === 'frame' && entry.setup !== 0) throw disagrees(entry);
      state.rules.data(entry.kind, entry.setup, entry.tensor, entry.step, at);
    }
    state.table.push(entry);
  }
}

function disagrees(entry: ContainerEntry) {
  return fail('bad_container', `The index and the record at ${entry.offset} do not agree.`, entry.offset);
}

function blobAccess(blob: Blob): RandomAccess {
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

async function* pieces(file: RandomAccess): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += SCAN_PIECE) yield file.read(at, Math.min(SCAN_PIECE, file.size - at));
}

/** Reads and checks one record; its length is compared with the limit and the file before the payload is fetched. */
async function readRecord(
  file: RandomAccess,
  offset: number,
  limits: Required<ContainerLimits>,
): Promise<{ head: RecordHeader; payload: Uint8Array }> {
  const left = file.size - offset;
  const headBytes = await file.read(offset, Math.max(0, Math.min(left, RECORD_HEADER_BYTES)));
  const head = readRecordHeader(headBytes, 0, offset, limits.maxRecordBytes);
  if (head.totalBytes > left) {
    throw fail('truncated', `The record at ${offset} needs ${head.totalBytes} bytes; the file has ${left}.`, offset);
  }
  const record = await file.read(offset, head.totalBytes);
  if (record.length !== head.totalBytes)
    throw fail('truncated', `The record at ${offset} could not be read whole.`, offset);
  return { head, payload: checkPayload(head, record) };
}

/** The index at the end of the file, or undefined when the file is not sealed. */
async function findIndex(
  file: RandomAccess,
  limits: Required<ContainerLimits>,
): Promise<{ entries: Uint8Array; offset: number } | undefined> {
  if (file.size < FILE_HEADER_BYTES + 2 * RECORD_HEADER_BYTES + FixedBytes.index) return undefined;
  const trailer = await file.read(file.size - INDEX_TRAILER_BYTES, INDEX_TRAILER_BYTES);
  if (!INDEX_END_MARK.every((byte, i) => trailer[8 + i] === byte)) return undefined;
  const offset = new DataView(trailer.buffer, trailer.byteOffset).getBigUint64(0, true);
  if (offset % 8n !== 0n || offset < BigInt(FILE_HEADER_BYTES) || offset > BigInt(file.size - RECORD_HEADER_BYTES)) {
    return undefined;
  }
  const at = Number(offset);
  const headBytes = await file.read(at, RECORD_HEADER_BYTES);
  let head: RecordHeader;
  try {
    head = readRecordHeader(headBytes, 0, at, limits.maxRecordBytes);
  } catch {
    // A body may end in bytes that look like a trailer: the scan decides.
    return undefined;
  }
  if (head.type !== RecordType.index || at + head.totalBytes !== file.size) return undefined;
  const { payload } = await readRecord(file, at, limits);
  return { entries: indexEntries(payload, at + RECORD_HEADER_BYTES, at), offset: at };
}
