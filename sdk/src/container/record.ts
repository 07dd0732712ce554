/** Records: header, payload, padding (`spec/container.md` § 5 and § 6). Reading and writing side by side. */
import { crc32c } from './crc32c.js';
import {
  CONTAINER_MAGIC,
  DRAFT,
  FILE_HEADER_BYTES,
  FLAG_OPTIONAL,
  FormatLimit,
  FRAME_MAGIC,
  PRIVATE_TYPES,
  padding,
  RECORD_HEADER_BYTES,
  RECORD_HEADER_CHECKED_BYTES,
  RecordType,
  VERSION,
} from './format.js';
import { fail } from './limits.js';

/** The fields of a record header whose CRC was right. */
export interface RecordHeader {
  /** Offset of the record in the file. */
  offset: number;
  type: number;
  optional: boolean;
  /** True when the type is none that this reader knows. */
  unknown: boolean;
  /** Bytes of the payload. */
  length: number;
  payloadCrc: number;
  /** Header, payload and padding. */
  totalBytes: number;
}

/** What a `.slcr` file is, by its first four bytes (§ 4). */
export type SlcrKind = 'container' | 'frame';

/** Tells a container from a standalone frame; throws `bad_magic` or `truncated` for anything else. */
export function sniff(bytes: Uint8Array): SlcrKind {
  if (startsWith(bytes, CONTAINER_MAGIC)) return 'container';
  if (startsWith(bytes, FRAME_MAGIC)) return 'frame';
  const starts = [CONTAINER_MAGIC, FRAME_MAGIC];
  if (bytes.length < 4 && starts.some((magic) => startsWith(bytes, magic.slice(0, bytes.length)))) {
    throw fail('truncated', `The file has ${bytes.length} bytes: too few to tell what it is.`, 0);
  }
  throw fail('bad_magic', 'This is neither a slicer container nor a standalone frame.', 0);
}

/** True when `bytes` begins with `prefix`. */
export function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, i) => bytes[i] === byte);
}

/** Checks the file header at the start of `bytes`. */
export function checkFileHeader(bytes: Uint8Array): void {
  const n = Math.min(bytes.length, 4);
  if (!startsWith(bytes, CONTAINER_MAGIC.slice(0, n))) {
    const isFrame = startsWith(bytes, FRAME_MAGIC);
    throw isFrame
      ? fail('bad_magic', 'This is a standalone frame, not a container.', 0, 'Give it to decode() as it is.')
      : fail('bad_magic', 'This is not a slicer container.', 0);
  }
  if (bytes.length >= 5 && bytes[4] !== VERSION) {
    throw fail('unsupported_version', `Container version ${bytes[4]}; this release reads version ${VERSION}.`, 4);
  }
  if (bytes.length >= 6 && bytes[5] !== DRAFT) {
    throw fail('unsupported_version', `Container draft ${bytes[5]}; this release reads draft ${DRAFT}.`, 5);
  }
  if (bytes.length < FILE_HEADER_BYTES) throw fail('truncated', 'The file ends inside the file header.', 0);
  const features = bytes[6] | (bytes[7] << 8);
  if (features !== 0) {
    throw fail('unsupported_feature', `Required features 0x${features.toString(16)} are not known to this release.`, 6);
  }
}

/** The eight bytes that begin every container. */
export function fileHeader(): Uint8Array {
  return new Uint8Array([...CONTAINER_MAGIC, VERSION, DRAFT, 0, 0]);
}

/**
 * Reads the record header at `at` of `bytes`. `offset` is where that is in the file. The header CRC is checked before any field
 * is used.
 */
export function readRecordHeader(bytes: Uint8Array, at: number, offset: number, maxRecordBytes: number): RecordHeader {
  if (bytes.length - at < RECORD_HEADER_BYTES) {
    throw fail('truncated', `The file ends inside the header of the record at ${offset}.`, offset);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_HEADER_BYTES);
  if (crc32c(bytes.subarray(at, at + RECORD_HEADER_CHECKED_BYTES)) !== view.getUint32(12, true)) {
    throw fail('checksum_mismatch', `The record header at ${offset} is damaged.`, offset);
  }
  const type = view.getUint16(0, true);
  const flags = view.getUint16(2, true);
  const length = view.getUint32(4, true);
  const optional = (flags & FLAG_OPTIONAL) !== 0;
  const unknown = checkType(type, flags, optional, offset);
  if (length > maxRecordBytes) {
    const message = `The record at ${offset} has ${length} bytes; the limit maxRecordBytes is ${maxRecordBytes}.`;
    throw fail('limit_exceeded', message, offset + 4);
  }
  const totalBytes = RECORD_HEADER_BYTES + length + padding(length);
  return { offset, type, optional, unknown, length, payloadCrc: view.getUint32(8, true), totalBytes };
}

/** Applies the table of § 7 to type and flags; returns whether the type is unknown. */
function checkType(type: number, flags: number, optional: boolean, offset: number): boolean {
  if (type === 0 || type === 0xffff)
    throw fail('bad_container', `Record type 0x${type.toString(16)} is forbidden.`, offset);
  const isPrivate = type >= PRIVATE_TYPES[0] && type <= PRIVATE_TYPES[1];
  const unknown = type > RecordType.index;
  const mustBeOptional = type === RecordType.metadata || type === RecordType.index || isPrivate;
  if (unknown && !optional && !isPrivate) {
    const message = `The record at ${offset} has the unknown type 0x${type.toString(16)}, and reading it is required.`;
    throw fail('unsupported_feature', message, offset);
  }
  if ((!unknown || isPrivate) && optional !== mustBeOptional) {
    throw fail(
      'bad_container',
      `A record of type 0x${type.toString(16)} must${optional ? ' not' : ''} be optional.`,
      offset + 2,
    );
  }
  if (flags > FLAG_OPTIONAL && !unknown) {
    throw fail(
      'unsupported_feature',
      `The record at ${offset} has reserved flags (0x${flags.toString(16)}).`,
      offset + 2,
    );
  }
  return unknown;
}

/** Checks padding and CRC of a whole record; `record` holds exactly `header.totalBytes`. Returns a view of the payload. */
export function checkPayload(header: RecordHeader, record: Uint8Array): Uint8Array {
  const end = RECORD_HEADER_BYTES + header.length;
  for (let i = end; i < record.length; i++) {
    if (record[i] !== 0) throw fail('bad_container', 'Padding that is not zero.', header.offset + i);
  }
  const payload = record.subarray(RECORD_HEADER_BYTES, end);
  if (crc32c(payload) !== header.payloadCrc) {
    throw fail('checksum_mismatch', `The record at ${header.offset} is damaged.`, header.offset + RECORD_HEADER_BYTES);
  }
  return payload;
}

/** Builds a whole record from the parts of its payload. */
export function encodeRecord(type: number, optional: boolean, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length > FormatLimit.payloadBytes) {
    throw fail('limit_exceeded', `A record of ${length} bytes; the format allows ${FormatLimit.payloadBytes}.`, 0);
  }
  const record = new Uint8Array(RECORD_HEADER_BYTES + length + padding(length));
  let at = RECORD_HEADER_BYTES;
  for (const part of parts) {
    record.set(part, at);
    at += part.length;
  }
  const view = new DataView(record.buffer);
  view.setUint16(0, type, true);
  view.setUint16(2, optional ? FLAG_OPTIONAL : 0, true);
  view.setUint32(4, length, true);
  view.setUint32(8, crc32c(record.subarray(RECORD_HEADER_BYTES, at)), true);
  view.setUint32(12, crc32c(record.subarray(0, RECORD_HEADER_CHECKED_BYTES)), true);
  return record;
}
