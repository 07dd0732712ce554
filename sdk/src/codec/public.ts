/** What every entry point exports whatever its WASM: types, errors, and `createCodec` for instances of one's own. */
export { type Codec, createCodec } from './api.js';
export { SlicerError } from './errors.js';
export type * from './types.js';
export { supportsSimd, type WasmSource } from './wasm.js';
