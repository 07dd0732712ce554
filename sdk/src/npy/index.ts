/**
 * NumPy's .npy files, to and from tensors. Float32, float16, int8, uint8, int16, int32, and bfloat16 as the two opaque bytes that
 * NumPy stores it in; C order; rank 0 to 8. Written files are byte for byte those of `numpy.save`.
 *
 * Why not an npm package: of those that are alive (npyjs 1.2, numpy-parser 1.2) none compares the shape with the bytes that are there,
 * so a cut-off file gives a shorter array instead of an error; neither handles data that is not aligned in its buffer, or bfloat16.
 */
import { SlicerError } from '../codec/errors.js';
import type { DecodedTensor, DType, Tensor } from '../codec/types.js';
import { DESCR, ELEMENTS, typeOfDescr } from './dtype.js';
import { npyHeader, readNpyHeader } from './header.js';

export type { DecodedTensor, DType, Tensor } from '../codec/types.js';
export { type NpyHeader, npyHeader, readNpyHeader } from './header.js';

/** Options of {@link readNpy}. */
export interface NpyOptions {
  /** `bfloat16` takes `V2` and `u2` as bfloat16; any other name must be what the file says. */
  dtype?: DType;
}

/** Reads a .npy file. The data is a view of `bytes` where alignment allows it, otherwise a copy. */
export function readNpy(bytes: Uint8Array, options: NpyOptions = {}): DecodedTensor {
  const header = readNpyHeader(bytes);
  const type = typeOfDescr(header.descr, options.dtype);
  if (typeof type !== 'string') {
    throw new SlicerError('unsupported_dtype', `The array has the dtype ${type.name}.`, {
      offset: 10,
      advice: type.advice,
    });
  }
  // With one long axis at most, both orders are the same.
  if (header.fortranOrder && header.shape.filter((d) => d !== 1).length > 1) {
    const advice = 'Save it with numpy.save(path, numpy.ascontiguousarray(array)).';
    throw new SlicerError('fortran_order', 'The array is in Fortran (column-major) order.', { offset: 10, advice });
  }
  const { bytes: width, array } = ELEMENTS[type];
  const size = header.shape.reduce((n, d) => n * d, 1);
  const { dataOffset } = header;
  const there = bytes.length - dataOffset;
  if (!Number.isSafeInteger(size * width) || there < size * width) {
    const message = `The shape (${header.shape.join(', ')}) needs ${size * width} bytes of data; the file has ${there}.`;
    throw new SlicerError('truncated', message, { offset: bytes.length });
  }
  if (there > size * width) {
    const message = `${there - size * width} bytes follow the data.`;
    const advice = 'Give a file with one array.';
    throw new SlicerError('bad_npy', message, { offset: dataOffset + size * width, advice });
  }
  const start = bytes.byteOffset + dataOffset;
  const data =
    start % width === 0
      ? new array(bytes.buffer, start, size)
      : // Not bytes.slice(): that of Node's Buffer does not copy.
        new array(new Uint8Array(bytes.subarray(dataOffset, dataOffset + size * width)).buffer, 0, size);
  return { type, data, dims: header.shape, size };
}

/** A .npy file in two pieces, header and data, so that a large tensor need not be copied. The second piece is a view of the tensor. */
export function npyPieces(tensor: Tensor): [Uint8Array, Uint8Array] {
  const { type, data, dims } = tensor;
  const element = ELEMENTS[type];
  if (!element) {
    throw new SlicerError('invalid_tensor', `There is no element type ${String(type)}.`);
  }
  const size = dims.reduce((n, d) => n * d, 1);
  if (data.byteLength !== size * element.bytes) {
    const message = `The dims [${dims.join(', ')}] of ${type} need ${size * element.bytes} bytes; the data has ${data.byteLength}.`;
    throw new SlicerError('invalid_tensor', message);
  }
  return [npyHeader(DESCR[type], dims), new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
}

/** A .npy file in one piece. */
export function writeNpy(tensor: Tensor): Uint8Array {
  const [header, data] = npyPieces(tensor);
  const bytes = new Uint8Array(header.length + data.length);
  bytes.set(header);
  bytes.set(data, header.length);
  return bytes;
}
