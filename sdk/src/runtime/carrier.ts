/**
 * Element types the codec has no frame for: they travel exactly, inside a type it has. Token ids and masks are such.
 *
 * | tensor | frame |
 * | --- | --- |
 * | int64 that fits | int32 |
 * | uint32 | int32, the same bits |
 * | uint16 | int16, the same bits |
 * | bool | uint8 |
 * | other int64, uint64, float64 | uint8, with a last axis of 8 bytes |
 */
import { SlicerError } from '../codec/errors.js';
import type { DecodedTensor, DType, Tensor } from '../codec/types.js';
import type { ModelTensor } from './tensors.js';

const FRAMED = new Set<string>(['float32', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', 'int32'] satisfies DType[]);
const REAL = new Set(['float32', 'float16', 'bfloat16']);

/** Whether a tensor may lose precision: floats may, everything else is a symbol. */
export function isReal(type: string): boolean {
  return REAL.has(type);
}

/**
 * The tensor as the codec takes it; its data are the same buffer wherever the type allows it.
 *
 * @throws SlicerError `unsupported_dtype` for strings and types of less than a byte.
 */
export function toFrame(name: string, tensor: ModelTensor): Tensor {
  const { type, dims } = tensor;
  const data = tensor.data as ArrayBufferView & ArrayLike<number | bigint>;
  if (FRAMED.has(type)) return { type: type as DType, data, dims };
  const as = (frame: DType, view: ArrayBufferView) => ({ type: frame, data: view, dims });
  switch (type) {
    case 'bool':
      return as('uint8', bytesOf(data));
    case 'uint16':
      return as('int16', new Int16Array(data.buffer, data.byteOffset, data.length));
    case 'uint32':
      return as('int32', new Int32Array(data.buffer, data.byteOffset, data.length));
    case 'int64': {
      const small = narrow(data as unknown as BigInt64Array);
      if (small) return as('int32', small);
      return { type: 'uint8', data: bytesOf(data), dims: [...dims, 8] };
    }
    case 'uint64':
    case 'float64':
      return { type: 'uint8', data: bytesOf(data), dims: [...dims, 8] };
    default:
      throw new SlicerError('unsupported_dtype', `the tensor '${name}' is of type ${type}, which cannot be sent`, {
        advice: 'Cut elsewhere: see `slicer cuts`.',
      });
  }
}

/**
 * The tensor of `type` that a frame carries.
 *
 * @throws SlicerError `invalid_tensor` where the frame holds another type.
 */
export function fromFrame(name: string, type: string, frame: DecodedTensor): ModelTensor {
  const { data, dims } = frame;
  if (frame.type === type) return { type, data, dims };
  if (type === 'bool' && frame.type === 'uint8') return { type, data, dims };
  if (type === 'uint16' && frame.type === 'int16') return { type, data: new Uint16Array(data.buffer), dims };
  if (type === 'uint32' && frame.type === 'int32') return { type, data: new Uint32Array(data.buffer), dims };
  if (type === 'int64' && frame.type === 'int32') {
    return { type, data: BigInt64Array.from(data, (value) => BigInt(value)), dims };
  }
  const wide = WIDE[type];
  if (wide && frame.type === 'uint8' && dims.at(-1) === 8) {
    return { type, data: new wide(data.buffer), dims: dims.slice(0, -1) };
  }
  throw new SlicerError('invalid_tensor', `the frame of '${name}' holds ${frame.type}, where ${type} belongs`, {
    advice: 'Check that both ends use parts of the same split (compare cut.json).',
  });
}

const WIDE: Readonly<Record<string, new (buffer: ArrayBufferLike) => ModelTensor['data']>> = {
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float64: Float64Array,
};

function narrow(data: BigInt64Array): Int32Array | undefined {
  const small = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    small[i] = Number(BigInt.asIntN(32, data[i]));
    if (BigInt(small[i]) !== data[i]) return undefined;
  }
  return small;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
