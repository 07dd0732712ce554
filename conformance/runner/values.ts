/** Elements as numbers. */
import { SIZES, type Type } from './neutral.ts';

/** The elements of a tensor as doubles. */
export function toDoubles(type: Type, bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float64Array(bytes.length / SIZES[type]);
  const read = READ[type];
  for (let i = 0; i < out.length; i++) out[i] = read(view, i * SIZES[type]);
  return out;
}

const READ: Record<Type, (view: DataView, at: number) => number> = {
  float32: (v, at) => v.getFloat32(at, true),
  float16: (v, at) => halfOf(v.getUint16(at, true)),
  bfloat16: (v, at) => brainOf(v.getUint16(at, true)),
  int8: (v, at) => v.getInt8(at),
  uint8: (v, at) => v.getUint8(at),
  int16: (v, at) => v.getInt16(at, true),
  int32: (v, at) => v.getInt32(at, true),
};

/** The value of a binary16's bits. */
export function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));

/** The value of a bfloat16's bits. */
export function brainOf(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** The distance of neighbouring values of a type around a finite value. */
export function unitAt(type: Type, value: number): number {
  const [digits, lowest] = { float32: [23, -149], float16: [10, -24], bfloat16: [7, -133] }[type as string] ?? [0, 0];
  if (digits === 0) return 1;
  const exponent = value === 0 ? lowest : Math.floor(Math.log2(Math.abs(value)));
  return 2 ** Math.max(lowest, exponent - digits);
}
