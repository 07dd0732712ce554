/** `slicer-codec/slim`: no WASM inside; `await init(source)` first. */
import { createCodec } from '../codec/api.js';
import type { CodecDecoder, CodecEncoder, CodecStreamDecoder, CodecStreamEncoder } from '../codec/public.js';

export * from '../codec/public.js';

const codec = /* @__PURE__ */ createCodec();

/** Encodes one tensor into a standalone frame. See {@link Codec.encode}. */
export const encode = codec.encode;
/** Decodes one standalone frame, or throws a {@link SlicerError}; never a part of a tensor. See {@link Codec.decode}. */
export const decode = codec.decode;
/** Every field of a standalone frame and the bytes of its sections, without decoding the values. See {@link Codec.inspect}. */
export const inspect = codec.inspect;
/** Starts the codec from the WASM given: to be awaited before anything else. See {@link Codec.init}. */
export const init = codec.init;
/** Encodes many tensors with buffers that are kept. */
export const Encoder = codec.Encoder;
/** An instance of that class. */
export type Encoder = CodecEncoder;
/** Decodes many frames with buffers that are kept. */
export const Decoder = codec.Decoder;
/** An instance of that class. */
export type Decoder = CodecDecoder;
/** Encodes bare bodies under one setup, for tensors that come row by row. */
export const StreamEncoder = codec.StreamEncoder;
/** An instance of that class. */
export type StreamEncoder = CodecStreamEncoder;
/** Decodes bare bodies, from the bytes of their setup. */
export const StreamDecoder = codec.StreamDecoder;
/** An instance of that class. */
export type StreamDecoder = CodecStreamDecoder;
