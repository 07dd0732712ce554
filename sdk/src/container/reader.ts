/** Reading a container that is in memory, and recovering one that was cut off (`spec/container.md` § 10). */
import { SlicerError } from '../codec/errors.js';
import { FILE_HEADER_BYTES, RECORD_HEADER_BYTES } from './format.js';
import { type ContainerLimits, fail, resolveLimits } from './limits.js';
import type { ContainerMap } from './msgpack.js';
import { checkFileHeader, checkPayload, readRecordHeader } from './record.js';
import { type ContainerRecord, ContainerState } from './state.js';
import type { ContainerEntry, EntryKind } from './table.js';

/** A container in memory, all of it checked. The bytes it hands out are views: do not change the input while it is in use. */
export class Container {
  /** @internal Made by {@link readContainer} and {@link recoverContainer}. */
  constructor(
    private readonly bytes: Uint8Array,
    /** @internal */ readonly state: ContainerState,
  ) {}

  /** The header map. */
  get header(): ContainerMap {
    return this.state.header ?? {};
  }

  /** Tensor names in order; the tensor with id n is `names[n - 1]`. */
  get names(): readonly string[] {
    return this.state.names;
  }

  /** True when the file ends with an index: its writer finished it. */
  get sealed(): boolean {
    return this.state.indexOffset !== undefined;
  }

  /** Bytes of the file. */
  get byteLength(): number {
    return this.bytes.length;
  }

  /** Entries in file order, of all kinds or of the ones named. */
  entries(...kinds: EntryKind[]): Generator<ContainerEntry> {
    return this.state.table.entries(...kinds);
  }

  /** Name of a tensor id, or undefined for 0. */
  nameOf(tensor: number): string | undefined {
    return this.state.names[tensor - 1];
  }

  /** Bytes of the setup with this id. */
  setup(id: number): Uint8Array {
    const bytes = this.state.setups[id - 1];
    if (!bytes) throw fail('invalid_option', `There is no setup ${id}.`, 0, 'Take the id from a body entry.');
    return bytes;
  }

  /** The encoded body or frame of an entry: a view of the container's bytes. */
  read(entry: ContainerEntry): Uint8Array {
    const start = entry.offset + RECORD_HEADER_BYTES;
    const fixed = entry.kind === 'tensor' ? 4 : entry.kind === 'setup' ? 8 : 16;
    return this.bytes.subarray(start + fixed, start + entry.length);
  }

  /** Every record in file order, metadata and skipped ones too; `end` is where the next one begins. */
  records(): Generator<ContainerRecord & { end: number }> {
    return scan(this.bytes, new ContainerState(this.state.limits), true);
  }
}

/** Reads a whole container and checks every record. Throws `SlicerError`; never returns part of a file. */
export function readContainer(bytes: Uint8Array, limits?: ContainerLimits): Container {
  const state = new ContainerState(resolveLimits(limits));
  for (const _ of scan(bytes, state, true)) void _;
  return new Container(bytes, state);
}

/** What {@link recoverContainer} found. */
export interface Recovery {
  /** The whole records, as a container. */
  container: Container;
  /** True when something was wrong and bytes were dropped. */
  recovered: boolean;
  /** Bytes up to the end of the last whole record. The file may be cut off here and appended to. */
  keptBytes: number;
  droppedBytes: number;
  /** What stopped the scan. */
  error?: SlicerError;
}

/** Errors that mean damage. The others (a newer format, a limit) say nothing about the bytes and are thrown as they are. */
const DAMAGE: ReadonlySet<string> = new Set(['truncated', 'checksum_mismatch', 'bad_container']);

/**
 * Keeps the records before the first damaged one. Throws when not even the header record is whole, and for errors that are no
 * damage: dropping records because they are newer than this release would lose data.
 */
export function recoverContainer(bytes: Uint8Array, limits?: ContainerLimits): Recovery {
  const state = new ContainerState(resolveLimits(limits));
  let kept = 0;
  let error: SlicerError | undefined;
  /** Indices that end what is kept; all but the last were stale. */
  let indices: { offset: number; bytes: Uint8Array }[] = [];
  try {
    for (const record of scan(bytes, state, false)) {
      kept = record.end;
      if (record.kind === 'index') indices.push(record);
      else indices = [];
    }
  } catch (caught) {
    error = damage(caught, state);
  }
  for (let last = indices.pop(); last; last = indices.pop()) {
    try {
      state.finish();
      break;
    } catch (caught) {
      // The records are whole; the index that ends them is what is wrong. The one before it is the last one now.
      error ??= damage(caught, state);
      kept = last.offset;
      state.dropIndex(indices.at(-1));
    }
  }
  const container = new Container(bytes.subarray(0, kept), state);
  return { container, recovered: error !== undefined, keptBytes: kept, droppedBytes: bytes.length - kept, error };
}

/** The error, when recovery may go on after it; throws it otherwise. */
function damage(error: unknown, state: ContainerState): SlicerError {
  if (error instanceof SlicerError && DAMAGE.has(error.code) && state.header !== undefined) return error;
  throw error;
}

/** All records of `bytes`, each with the offset where the next one begins. `finish` also checks a last index. */
function* scan(
  bytes: Uint8Array,
  state: ContainerState,
  finish: boolean,
): Generator<ContainerRecord & { end: number }> {
  checkFileHeader(bytes);
  let at = FILE_HEADER_BYTES;
  if (bytes.length === at) throw fail('truncated', 'The file ends before its header record.', at);
  while (at < bytes.length) {
    const head = readRecordHeader(bytes, at, at, state.limits.maxRecordBytes);
    const end = at + head.totalBytes;
    if (end > bytes.length) {
      const message = `The record at ${at} needs ${head.totalBytes} bytes; the file has ${bytes.length - at}.`;
      throw fail('truncated', message, at);
    }
    const record = state.accept(head, checkPayload(head, bytes.subarray(at, end)));
    at = end;
    yield Object.assign(record, { end });
  }
  if (finish) state.finish();
}
