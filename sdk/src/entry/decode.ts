/** `slicer-codec/decode`: the decoder alone, with its smaller WASM builds inside. */
import { createCodec } from '../codec/api.js';
import type { CodecDecoder, CodecStreamDecoder } from '../codec/public.js';
import { scalar, simd } from '../generated/decode.js';

export * from '../codec/public.js';

const codec = /* @__PURE__ */ createCodec({ scalar, simd });

/** Decodes one standalone frame, or throws a {@link SlicerError}; never a part of a tensor. See {@link Codec.decode}. */
export const decode = codec.decode;
/** Every field of a standalone frame and the bytes of its sections, without decoding the values. See {@link Codec.inspect}. */
export const inspect = codec.inspect;
/** Starts the WASM module without blocking; optional where it is built in. See {@link Codec.init}. */
export const init = codec.init;
/** Decodes many frames with buffers that are kept. */
export const Decoder = codec.Decoder;
/** An instance of that class. */
export type Decoder = CodecDecoder;
/** Decodes bare bodies, from the bytes of their setup. */
export const StreamDecoder = codec.StreamDecoder;
/** An instance of that class. */
export type StreamDecoder = CodecStreamDecoder;
