/** Element types: codes, widths, conversions (§ 4.1, § 11). */
import { bitsOfF32 } from './bytes.ts';

/** Element types in the order of their codes. */
export const TYPES = ['float32', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', 'int32'] as const;

/** An element type. */
export type Type = (typeof TYPES)[number];

/** Bytes of one element. */
export function widthOf(type: Type): number {
  return { float32: 4, float16: 2, bfloat16: 2, int8: 1, uint8: 1, int16: 2, int32: 4 }[type];
}

/** Whether a type is a float. */
export function isFloat(type: Type): boolean {
  return TYPES.indexOf(type) < 3;
}

/** Smallest and largest value of an integer type. */
export function rangeOf(type: Type): [number, number] {
  if (type === 'uint8') return [0, 255];
  const half = 2 ** (8 * widthOf(type) - 1);
  return [-half, half - 1];
}

/** The bits of an element as its type stores them, from a finite binary32. */
export function convert(type: Type, value: number): number {
  if (type === 'float32') return bitsOfF32(value);
  if (type === 'float16') return toHalf(value);
  if (type === 'bfloat16') return toBrain(value);
  const [low, high] = rangeOf(type);
  return Math.max(low, Math.min(high, roundEven(value)));
}

/** Nearest integer, ties to even. */
export function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5 || (rest === 0.5 && floor % 2 === 0)) return floor;
  return floor + 1;
}

/** Nearest binary16, ties to even, saturating: the significand is scaled to an integer and rounded there. */
function toHalf(value: number): number {
  const sign = Object.is(value, -0) || value < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  let exponent = -14;
  while (exponent < 15 && magnitude >= 2 ** (exponent + 1)) exponent += 1;
  const units = roundEven(magnitude / 2 ** (exponent - 10));
  // In units of the last place, bits of successive halves are successive integers, across exponents too.
  const bits = units + (exponent + 14) * 1024;
  return sign | Math.min(bits, 0x7bff);
}

/** Nearest bfloat16, ties to even, saturating. */
function toBrain(value: number): number {
  const bits = bitsOfF32(value);
  const magnitude = bits & 0x7fffffff;
  const upper = magnitude >>> 16;
  const rest = magnitude & 0xffff;
  const up = rest > 0x8000 || (rest === 0x8000 && (upper & 1) === 1);
  return ((bits >>> 16) & 0x8000) | Math.min(upper + (up ? 1 : 0), 0x7f7f);
}

/** The order-preserving image of an element's bits, and back (§ 11): the map is its own inverse. */
export function imageOf(type: Type, bits: number): number {
  const signed = type === 'float32' ? bits | 0 : (bits << 16) >> 16;
  return signed >= 0 ? signed : signed ^ (type === 'float32' ? 0x7fffffff : 0x7fff);
}

/** Elements as little-endian bytes. */
export function bytesOfElements(type: Type, elements: ArrayLike<number>): Uint8Array {
  const width = widthOf(type);
  const out = new Uint8Array(elements.length * width);
  for (let i = 0; i < elements.length; i++) {
    for (let j = 0; j < width; j++) out[i * width + j] = elements[i] >> (8 * j);
  }
  return out;
}
