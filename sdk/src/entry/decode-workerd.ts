/** `slicer-codec/decode` in Workers, where WASM must be an imported module. */
import simd from '../../wasm/decode-simd.wasm';
import { createCodec } from '../codec/api.js';

export * from '../codec/public.js';

const codec = /* @__PURE__ */ createCodec(simd);

export const { decode, inspect, init, Decoder, StreamDecoder } = codec;
export type Decoder = InstanceType<typeof Decoder>;
export type StreamDecoder = InstanceType<typeof StreamDecoder>;
