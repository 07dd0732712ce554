/** Tensors on their way in and out: checks, element sizes, typed arrays. */
import { DTYPES, MAX_RANK } from './abi.js';
import { SlicerError } from './errors.js';
import type { DecodedTensor, DType, Tensor } from './types.js';

const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
} as const;

/** Bytes of one element. */
export function elementSize(type: DType): number {
  return ARRAYS[type].BYTES_PER_ELEMENT;
}

/** Number of elements of the given dims. */
export function sizeOf(dims: readonly number[]): number {
  let size = 1;
  for (const dim of dims) size *= dim;
  return size;
}

/** Bytes of so many values of a type, checked. */
export function inputBytes(type: DType, size: number): number {
  dtypeCode(type);
  const bytes = size * elementSize(type);
  if (Number.isInteger(size) && size >= 0 && bytes <= 0xffffffff) return bytes;
  throw new SlicerError('invalid_option', `An input cannot have ${String(size)} values.`);
}

/** Code of a type; an unknown name is an error. */
export function dtypeCode(type: unknown): number {
  const code = (DTYPES as readonly unknown[]).indexOf(type);
  if (code < 0)
    throw new SlicerError('invalid_tensor', `Unknown element type ${String(type)}; known: ${DTYPES.join(', ')}.`);
  return code;
}

/** Checks type, dims and data against each other. */
export function checkTensor(tensor: Tensor): void {
  if (typeof tensor !== 'object' || tensor === null)
    throw new SlicerError('invalid_tensor', 'The tensor is not an object.');
  const { type, data, dims } = tensor;
  dtypeCode(type);
  checkDims(dims);
  checkArray(type, data);
  const size = sizeOf(dims);
  const length = data.byteLength / elementSize(type);
  if (length !== size) {
    throw new SlicerError(
      'invalid_tensor',
      `The data has ${length} elements, but dims [${dims.join(', ')}] need ${size}.`,
    );
  }
}

/** Checks rank and every dim. */
export function checkDims(dims: readonly number[]): void {
  if (!Array.isArray(dims)) throw new SlicerError('bad_dims', 'dims is not an array.');
  if (dims.length > MAX_RANK) throw new SlicerError('bad_dims', `Rank ${dims.length} is more than ${MAX_RANK}.`);
  for (const dim of dims) {
    if (!Number.isInteger(dim) || dim < 0 || dim > 0xffffffff) {
      throw new SlicerError('bad_dims', `${String(dim)} is not a dim.`);
    }
  }
}

/** Checks that the data is the typed array of the type. */
export function checkArray(type: DType, data: unknown): void {
  if (isArrayOf(type, data)) {
    checkAttached(data, 'invalid_tensor');
    return;
  }
  throw new SlicerError('invalid_tensor', `${type} data must be a ${ARRAYS[type].name}, not ${nameOf(data)}.`);
}

/** Refuses the data of a buffer that was given away: it holds nothing, and hosts have errors of their own for that. */
export function checkAttached(data: ArrayBufferView | ArrayBuffer, code = 'invalid_option'): void {
  const buffer = ArrayBuffer.isView(data) ? data.buffer : data;
  if (buffer.byteLength > 0) return;
  try {
    // Refused for a detached buffer only; its property `detached` is too young to rely on.
    bytesOf(buffer as ArrayBuffer);
  } catch (cause) {
    throw new SlicerError(
      code,
      'The buffer of the input is detached: it was given away, or is memory that has grown since.',
      { advice: 'Make the array anew for every call that gives its buffer away, or leave transfer off.', cause },
    );
  }
}

function isArrayOf(type: DType, data: unknown): data is ArrayBufferView {
  // The usual case first: names cost more than all else that is checked.
  if (data instanceof ARRAYS[type]) return true;
  // By tag, not by instanceof: arrays from another realm (a frame, a worker's structured clone, a test runner) count.
  const name = nameOf(data);
  return ArrayBuffer.isView(data) && (name === ARRAYS[type].name || (type === 'float16' && name === 'Float16Array'));
}

function nameOf(data: unknown): string {
  return Object.prototype.toString.call(data).slice(8, -1);
}

/** The bytes of any view; a `Uint8Array` as it is. */
export function bytesOf(view: ArrayBufferView | ArrayBuffer): Uint8Array {
  // Not its subclasses: slices of Node's buffers are no copies.
  if (view.constructor === Uint8Array) return view as Uint8Array;
  return ArrayBuffer.isView(view)
    ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    : new Uint8Array(view);
}

/** The bytes as an array of the type, without a copy. */
export function arrayOver(type: DType, bytes: Uint8Array): DecodedTensor['data'] {
  return new ARRAYS[type](bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / elementSize(type));
}

/** A fresh typed array of the type over a copy of the bytes. */
export function arrayFrom(type: DType, bytes: Uint8Array): DecodedTensor['data'] {
  const copy = bytes.slice().buffer;
  return new ARRAYS[type](copy);
}
