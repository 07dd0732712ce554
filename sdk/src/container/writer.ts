/** Writing a container, from the start or at the end of one that exists. */
import { SlicerError } from '../codec/errors.js';
import { crc32c } from './crc32c.js';
import { FixedBytes, FormatLimit, FRAME_MAGIC, RECORD_HEADER_BYTES, RecordType } from './format.js';
import { type ContainerLimits, fail, resolveLimits } from './limits.js';
import { type ContainerMap, packMap } from './msgpack.js';
import type { Container } from './reader.js';
import { encodeRecord, fileHeader, startsWith } from './record.js';
import { ContainerState } from './state.js';
import type { ContainerStream } from './stream.js';
import { encodeIndex } from './table.js';
import { encodeText } from './text.js';

/** Where a body or frame belongs. */
export interface Place {
  /** Tensor name; declared on first use. Without one the record has no name. */
  tensor?: string;
  /** Step, never less than that of the record before. Default: that of the record before, 0 at the start. */
  step?: number;
}

/**
 * Builds a container piece by piece. The calls collect whole records; {@link ContainerWriter.take} hands out what is new, to be
 * written wherever the file lives:
 *
 * ```js
 * const writer = new ContainerWriter({ creator: 'my program' });
 * const setup = writer.setup(setupBytes);
 * for (const [step, body] of bodies.entries()) {
 *   writer.body(setup, body, { tensor: 'conv5', step });
 *   await sink.write(writer.take());
 * }
 * writer.finish();
 * await sink.write(writer.take());
 * ```
 */
export class ContainerWriter {
  private readonly pending: Uint8Array[] = [];
  private readonly state: ContainerState;
  private readonly setupsByCrc = new Map<number, number[]>();
  private at = 0;
  private finished = false;

  constructor(header: ContainerMap = {}, limits?: ContainerLimits) {
    this.state = new ContainerState(resolveLimits(limits));
    const map = packMap(header);
    this.emit(fileHeader());
    this.record(RecordType.header, false, [map]);
  }

  /**
   * Goes on where `container` ends. The bytes from {@link ContainerWriter.take} belong at {@link ContainerWriter.position}: over an index
   * that is there (cut the file off first), otherwise at the end of the file. A `ContainerStream` must have been read to its end; it
   * spares having the file in memory.
   */
  static append(container: Container | ContainerStream): ContainerWriter {
    const writer: ContainerWriter = Object.create(ContainerWriter.prototype);
    Object.assign(writer, {
      pending: [],
      state: container.state.copy(),
      setupsByCrc: new Map<number, number[]>(),
      at: container.state.indexOffset ?? container.byteLength,
      finished: false,
    });
    for (const [i, bytes] of writer.state.setups.entries()) writer.remember(bytes, i + 1);
    return writer;
  }

  /** Offset in the file at which the next bytes from {@link ContainerWriter.take} belong. */
  get position(): number {
    return this.at - this.pending.reduce((sum, piece) => sum + piece.length, 0);
  }

  /** Declares a tensor name, once; returns its id. */
  tensor(name: string): number {
    const known = this.state.nameIds.get(name);
    if (known !== undefined) return known;
    const utf8 = encodeText(name);
    if (!utf8 || utf8.length === 0 || utf8.length > FormatLimit.nameBytes) {
      throw fail('invalid_option', `A tensor name must be text of 1 to ${FormatLimit.nameBytes} UTF-8 bytes.`, 0, '');
    }
    const id = this.state.names.length + 1;
    this.record(RecordType.tensor, false, [u32(id), utf8]);
    return id;
  }

  /** Stores a setup, once; returns its id. Equal bytes get the id they have. */
  setup(bytes: Uint8Array): number {
    if (bytes.length === 0) throw fail('invalid_option', 'A setup cannot be empty.', 0, '');
    for (const id of this.setupsByCrc.get(crc32c(bytes)) ?? []) {
      if (equal(this.state.setups[id - 1], bytes)) return id;
    }
    const id = this.state.setups.length + 1;
    this.record(RecordType.setup, false, [u32(id), u32(0), bytes]);
    this.remember(this.state.setups[id - 1], id);
    return id;
  }

  /** Adds a bare body of the setup with this id. */
  body(setup: number, bytes: Uint8Array, place: Place = {}): void {
    this.data(RecordType.body, setup, bytes, place);
  }

  /** Adds a standalone frame. */
  frame(bytes: Uint8Array, place: Place = {}): void {
    if (!startsWith(bytes, FRAME_MAGIC)) {
      throw fail('bad_magic', 'This is not a standalone frame.', 0, 'Pass what encode() returned.');
    }
    this.data(RecordType.frame, 0, bytes, place);
  }

  /** Adds a metadata record. `step` and `tensor` in the map say what it is about. */
  metadata(map: ContainerMap): void {
    this.record(RecordType.metadata, true, [packMap(map)]);
  }

  /** Adds a record for private use (types 0x8000 to 0xFFFE); other readers skip it. */
  privateRecord(type: number, bytes: Uint8Array): void {
    if (!Number.isInteger(type) || type < 0x8000 || type > 0xfffe) {
      throw fail('invalid_option', `Private record types are 0x8000 to 0xFFFE, not ${type}.`, 0, '');
    }
    this.record(type, true, [bytes]);
  }

  /** Writes the index. Nothing can be added after it; use {@link ContainerWriter.append} on the file later. */
  finish(): void {
    this.record(RecordType.index, true, [encodeIndex(this.state.table, this.at)]);
    this.finished = true;
  }

  /** The bytes since the last call, whole records only. */
  take(): Uint8Array {
    const bytes = new Uint8Array(this.at - this.position);
    let at = 0;
    for (const piece of this.pending.splice(0)) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  private data(type: number, setup: number, bytes: Uint8Array, place: Place): void {
    const step = place.step ?? this.state.rules.lastStep;
    if (!Number.isSafeInteger(step) || step < this.state.rules.lastStep) {
      const message = `Step ${step}: steps are whole numbers, and this one must be at least ${this.state.rules.lastStep}.`;
      throw fail('invalid_option', message, 0, 'Write the tensors in the order of their steps.');
    }
    const tensor = place.tensor === undefined ? 0 : this.tensor(place.tensor);
    const fixed = new Uint8Array(FixedBytes.body);
    const view = new DataView(fixed.buffer);
    view.setUint32(0, setup, true);
    view.setUint32(4, tensor, true);
    view.setBigUint64(8, BigInt(step), true);
    this.record(type, false, [fixed, bytes]);
  }

  /** Encodes one record. It goes through the reader's own checks, so nothing is written that would not be read. */
  private record(type: number, optional: boolean, parts: readonly Uint8Array[]): void {
    if (this.finished) {
      throw fail('invalid_option', 'The container is finished.', 0, 'Use ContainerWriter.append on the whole file.');
    }
    const bytes = encodeRecord(type, optional, parts);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length > this.state.limits.maxRecordBytes) {
      throw fail('limit_exceeded', `A record of ${length} bytes; the limit maxRecordBytes is lower.`, this.at + 4);
    }
    const payload = bytes.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + length);
    const head = { offset: this.at, type, optional, unknown: false, length, payloadCrc: 0, totalBytes: bytes.length };
    try {
      this.state.accept(head, payload);
    } catch (error) {
      if (!(error instanceof SlicerError) || error.code !== 'bad_container') throw error;
      throw fail(
        'invalid_option',
        error.message,
        0,
        'The container format does not allow this: see spec/container.md.',
      );
    }
    this.emit(bytes);
  }

  private emit(bytes: Uint8Array): void {
    this.pending.push(bytes);
    this.at += bytes.length;
  }

  private remember(setup: Uint8Array, id: number): void {
    const crc = crc32c(setup);
    this.setupsByCrc.set(crc, [...(this.setupsByCrc.get(crc) ?? []), id]);
  }
}

function u32(value: number): Uint8Array {
  return new Uint8Array([value, value >>> 8, value >>> 16, value >>> 24]);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
