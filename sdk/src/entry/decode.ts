/** `slicer-codec/decode`: the decoder alone, with its smaller WASM builds inside. */
import { createCodec } from '../codec/api.js';
import { scalar, simd } from '../generated/decode.js';

export * from '../codec/public.js';

const codec = /* @__PURE__ */ createCodec({ scalar, simd });

export const { decode, inspect, init, Decoder, StreamDecoder } = codec;
export type Decoder = InstanceType<typeof Decoder>;
export type StreamDecoder = InstanceType<typeof StreamDecoder>;
