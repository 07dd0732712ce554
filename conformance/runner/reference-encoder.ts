/** The reference encoder: the SDK behind appendix B.4. */
import { type Budget, encode } from 'slicer-codec';
import { type Neutral, SIZES } from './neutral.ts';

const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
} as const;

/** Encodes a neutral tensor into a standalone frame. Throws SlicerError. */
export function encodeNeutral({ type, dims, bytes }: Neutral, budget: Budget): Uint8Array {
  const data = new ARRAYS[type](bytes.slice().buffer, 0, bytes.length / SIZES[type]);
  return encode({ type, dims, data }, { budget }).bytes;
}
