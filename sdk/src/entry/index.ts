/** `slicer-codec`: encoder and decoder, both WASM builds inside. */
import { createCodec } from '../codec/api.js';
import { scalar, simd } from '../generated/full.js';

export * from '../codec/public.js';

// The source is an argument and the functions come back as values: a registration by side effect would be dropped by bundlers.
const codec = /* @__PURE__ */ createCodec({ scalar, simd });

export const { encode, decode, inspect, init, Encoder, Decoder, StreamEncoder, StreamDecoder } = codec;
export type Encoder = InstanceType<typeof Encoder>;
export type Decoder = InstanceType<typeof Decoder>;
export type StreamEncoder = InstanceType<typeof StreamEncoder>;
export type StreamDecoder = InstanceType<typeof StreamDecoder>;
