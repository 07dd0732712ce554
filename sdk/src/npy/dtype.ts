/** Element types: what NumPy calls them, and what we call them. */
import type { DecodedTensor, DType } from '../codec/types.js';

type ElementArray = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => DecodedTensor['data'];

/** Width in bytes and typed array of each element type. */
export const ELEMENTS: Readonly<Record<DType, { bytes: number; array: ElementArray }>> = {
  float32: { bytes: 4, array: Float32Array },
  float16: { bytes: 2, array: Uint16Array },
  bfloat16: { bytes: 2, array: Uint16Array },
  int8: { bytes: 1, array: Int8Array },
  uint8: { bytes: 1, array: Uint8Array },
  int16: { bytes: 2, array: Int16Array },
  int32: { bytes: 4, array: Int32Array },
};

/** `descr` that is written. NumPy has no bfloat16; packages that add it store two opaque bytes, `<V2`. */
export const DESCR: Readonly<Record<DType, string>> = {
  float32: '<f4',
  float16: '<f2',
  bfloat16: '<V2',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  int32: '<i4',
};

const TYPES: Readonly<Record<string, DType>> = {
  f4: 'float32',
  f2: 'float16',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  i4: 'int32',
};

const KINDS: Readonly<Record<string, string>> = { f: 'float', i: 'int', u: 'uint', c: 'complex' };
const OTHERS: Readonly<Record<string, string>> = {
  b: 'bool',
  O: 'object',
  U: 'unicode text',
  S: 'bytes',
  M: 'datetime64',
  m: 'timedelta64',
  V: 'void',
};

/** The element type of a `descr`, or why there is none. */
export function typeOfDescr(descr: string, as: DType | undefined): DType | { name: string; advice: string } {
  const match = /^([<>=|]?)([a-zA-Z])(\d*)/.exec(descr);
  if (!match) return { name: descr, advice: CONVERT };
  const [, order, kind, width] = match;
  const code = kind + width;
  const bigEndian = order === '>' && width !== '1';
  if (!bigEndian && (code === 'V2' || code === 'u2')) {
    if (as === 'bfloat16') return 'bfloat16';
    const name = code === 'V2' ? 'void of 2 bytes' : 'uint16';
    return {
      name,
      advice: 'If these are bfloat16 values, say so (--dtype bfloat16). Otherwise convert the array to int32.',
    };
  }
  const name = kind in KINDS ? KINDS[kind] + 8 * Number(width) : (OTHERS[kind] ?? descr);
  if (bigEndian) return { name: `big-endian ${name}`, advice: `Convert it with array.astype('<${code}').` };
  const type = TYPES[code];
  if (!type) return { name, advice: CONVERT };
  if (as !== undefined && as !== type) {
    return { name, advice: `The file says ${type}; only uint16 and void of 2 bytes can be read as bfloat16.` };
  }
  return type;
}

const CONVERT =
  "slicer takes float32, float16, bfloat16, int8, uint8, int16 and int32. Convert it first, for example array.astype('float32').";
