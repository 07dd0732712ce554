/** `slicer-codec/slim`: no WASM inside; `await init(source)` first. */
import { createCodec } from '../codec/api.js';

export * from '../codec/public.js';

const codec = /* @__PURE__ */ createCodec();

export const { encode, decode, inspect, init, Encoder, Decoder, StreamEncoder, StreamDecoder } = codec;
export type Encoder = InstanceType<typeof Encoder>;
export type Decoder = InstanceType<typeof Decoder>;
export type StreamEncoder = InstanceType<typeof StreamEncoder>;
export type StreamDecoder = InstanceType<typeof StreamDecoder>;
