/** What every entry point exports whatever its WASM: types, errors, and `createCodec` for instances of one's own. */
export { type Codec, createCodec } from './api.js';
export type { BaseDecoder, Decoder as CodecDecoder, StreamDecoder as CodecStreamDecoder } from './decode.js';
export type { Encoder as CodecEncoder } from './encode.js';
export { SlicerError } from './errors.js';
export type { StreamEncoder as CodecStreamEncoder } from './stream.js';
export type * from './types.js';
export { type InlineWasm, supportsSimd, type WasmSource } from './wasm.js';
