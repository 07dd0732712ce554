/**
 * The `.slcr` container: many encoded tensors in one file (`spec/container.md`). Works in every runtime: bytes in memory, streams,
 * and files behind a range reader; nothing here imports a platform module or starts the codec.
 */
export { SlicerError } from '../codec/errors.js';
export { crc32c } from './crc32c.js';
export { ContainerFile, openContainer, type RandomAccess } from './file.js';
export { type ContainerLimits, DEFAULT_LIMITS } from './limits.js';
export { type ContainerMap, type MapValue, packMap, unpackMap } from './msgpack.js';
export { Container, type Recovery, readContainer, recoverContainer } from './reader.js';
export { type SlcrKind, sniff } from './record.js';
export type { ContainerRecord } from './state.js';
export { type ByteSource, ContainerStream } from './stream.js';
export type { ContainerEntry, EntryKind } from './table.js';
export { ContainerWriter, type Place } from './writer.js';
