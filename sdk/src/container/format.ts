/**
 * Every magic, width and number of the container format (`spec/container.md`), in one place.
 * Names follow the specification; section numbers are given where they help.
 */

/** `SLCR`, the first four bytes of a container (§ 5). */
export const CONTAINER_MAGIC: readonly number[] = [0x53, 0x4c, 0x43, 0x52];

/** `SLCF`, the first four bytes of a standalone frame (§ 4). */
export const FRAME_MAGIC: readonly number[] = [0x53, 0x4c, 0x43, 0x46];

/** `SLCRINDX`, the last eight bytes of a sealed container (§ 7.7). */
export const INDEX_END_MARK: readonly number[] = [0x53, 0x4c, 0x43, 0x52, 0x49, 0x4e, 0x44, 0x58];

/** Version byte of the file header; 0 until the format is frozen. */
export const VERSION = 0;

/** Draft byte of the file header; a reader accepts exactly this one. */
export const DRAFT = 1;

/** Bytes of the file header (§ 5). */
export const FILE_HEADER_BYTES = 8;

/** Bytes of a record header (§ 6). */
export const RECORD_HEADER_BYTES = 16;

/** Bytes of a record header that its own CRC covers. */
export const RECORD_HEADER_CHECKED_BYTES = 12;

/** Records and payloads start at multiples of this. */
export const ALIGNMENT = 8;

/** Bit 0 of a record's flags: a reader that does not know the type may skip the record. */
export const FLAG_OPTIONAL = 1;

/** Record types (§ 7). */
export const RecordType = {
  header: 0x0001,
  tensor: 0x0002,
  setup: 0x0003,
  body: 0x0004,
  frame: 0x0005,
  metadata: 0x0006,
  index: 0x0007,
} as const;

/** First and last record type for private use. */
export const PRIVATE_TYPES: readonly [number, number] = [0x8000, 0xfffe];

/** Fixed fields at the start of a payload, by record type. */
export const FixedBytes = { tensor: 4, setup: 8, body: 16, frame: 16, index: 24 } as const;

/** Bytes of one index entry, and of the trailer at the end of an index payload. */
export const INDEX_ENTRY_BYTES = 32;
/** Where in an entry its reserved field lies. */
export const INDEX_ENTRY_RESERVED = 18;
export const INDEX_TRAILER_BYTES = 16;

/** Limits that belong to the format (§ 11); nobody can raise them. */
export const FormatLimit = {
  /** Payload of a header or metadata record. */
  mapBytes: 1_048_576,
  /** Nesting of maps and arrays, the outermost map counted as 1. */
  mapDepth: 8,
  /** Values at all depths of one map payload, keys not counted. */
  mapValues: 65_536,
  /** UTF-8 bytes of a tensor name. */
  nameBytes: 1024,
  /** Largest step, and largest integer in a map. */
  step: Number.MAX_SAFE_INTEGER,
  /** Payload of any record, by the width of its length field. */
  payloadBytes: 0xffff_ffff,
} as const;

/** Zero bytes between n and the next multiple of 8. */
export function padding(n: number): number {
  return (ALIGNMENT - (n % ALIGNMENT)) % ALIGNMENT;
}
