/** Weights out of a model as plain numbers: in the file or beside it, quantised or not. */
import { SlicerError } from '../codec/errors.js';
import { type ExternalRange, externalRange } from '../onnx/external-data.js';
import { type TensorProto, TensorProto_DataType } from '../onnx/gen/onnx_pb.js';
import type { Graph, GraphNode } from '../onnx/graph.js';
import { attribute } from '../onnx/tensor-info.js';

/** A weight in row-major order. */
export interface Weight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** Gives the bytes of a weight that lies beside the model. */
export type ExternalReader = (range: ExternalRange) => Promise<Uint8Array>;

/** Reads weights from files in the model's folder. Node only. */
export function externalReader(folder: string): ExternalReader {
  return async ({ location, offset, length }) => {
    const { open } = await import('node:fs/promises');
    const { join } = await import('node:path');
    const file = await open(join(folder, location), 'r');
    try {
      const bytes = new Uint8Array(length ?? (await file.stat()).size - offset);
      await file.read(bytes, 0, bytes.length, offset);
      return bytes;
    } finally {
      await file.close();
    }
  };
}

/** Finds and reads the weights of one graph. */
export class Weights {
  private readonly initializers: ReadonlyMap<string, TensorProto>;

  constructor(
    private readonly graph: Graph,
    private readonly external?: ExternalReader,
  ) {
    this.initializers = new Map(graph.proto.initializer.map((tensor) => [tensor.name, tensor]));
  }

  /** The tensor behind a name when it is a weight or a constant as it stands. */
  private stored(name: string): TensorProto | undefined {
    const weight = this.initializers.get(name);
    if (weight) return weight;
    const producer = this.graph.values.get(name)?.producer;
    return producer?.opType === 'Constant' ? attribute(producer, 'value')?.t : undefined;
  }

  /**
   * The weight of a name, through the operators that exporters put between (Identity, Cast, Transpose,
   * DequantizeLinear); `undefined` when it depends on an input.
   */
  async get(name: string): Promise<Weight | undefined> {
    const stored = this.stored(name);
    if (stored) return { name, dims: stored.dims.map(Number), data: await this.numbers(stored) };
    const producer = this.graph.values.get(name)?.producer;
    const source = producer?.proto.input[0];
    if (!producer || !source) return undefined;
    switch (producer.opType) {
      case 'Identity':
      case 'Cast':
        return this.get(source);
      case 'Transpose': {
        const weight = await this.get(source);
        return weight && transpose(weight, attribute(producer, 'perm')?.ints.map(Number));
      }
      case 'DequantizeLinear':
        return this.dequantise(producer);
      default:
        return undefined;
    }
  }

  /** Integers of a small constant, such as a shape or a list of axes. */
  async integers(name: string | undefined): Promise<number[] | undefined> {
    if (!name) return undefined;
    const stored = this.stored(name);
    return stored && [...(await this.numbers(stored))];
  }

  /** Numbers of a tensor, whatever its type. */
  async numbers(tensor: TensorProto): Promise<Float32Array | Float64Array> {
    const range = externalRange(tensor);
    if (range && !this.external) throw unreadable(tensor.name, 'lies beside the model, whose folder is not known');
    const raw = range ? await this.external!(range) : tensor.rawData;
    const size = tensor.dims.reduce((n, d) => n * Number(d), 1);
    const numbers = raw.length > 0 ? fromRaw(tensor, raw, size) : fromFields(tensor);
    if (numbers.length !== size) throw unreadable(tensor.name, `has ${numbers.length} values instead of ${size}`);
    return numbers;
  }

  /** (x − zero) · scale, per tensor or along one axis. */
  private async dequantise(node: GraphNode): Promise<Weight | undefined> {
    const [x, scale] = await Promise.all([this.get(node.proto.input[0]!), this.get(node.proto.input[1]!)]);
    if (!x || !scale) return undefined;
    const zero = node.proto.input[2] ? await this.get(node.proto.input[2]) : undefined;
    const axis = wrap(Number(attribute(node, 'axis')?.i ?? 1), x.dims.length);
    const inner = x.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
    const single = scale.data.length === 1;
    // Scales per block along an axis (opset 21) do not fit either rule.
    if (!single && scale.data.length !== x.dims[axis]) return undefined;
    const data = new Float64Array(x.data.length);
    for (let i = 0; i < data.length; i++) {
      const at = single ? 0 : Math.floor(i / inner) % scale.data.length;
      data[i] = (x.data[i] - (zero?.data[at] ?? 0)) * scale.data[at];
    }
    return { name: x.name, dims: x.dims, data };
  }

  /** The weight of a MatMulNBits node as [N, K]: blocks of `block_size` values along K, each with a scale. */
  async matMulNBits(node: GraphNode): Promise<Weight | undefined> {
    const number = (name: string, fallback = 0) => Number(attribute(node, name)?.i ?? fallback);
    const [k, n, bits, block] = [number('K'), number('N'), number('bits', 4), number('block_size')];
    const [packed, scales] = await Promise.all([this.get(node.proto.input[1]!), this.get(node.proto.input[2]!)]);
    if (!packed || !scales || (bits !== 4 && bits !== 8 && bits !== 2) || block < 1) return undefined;
    const blocks = Math.ceil(k / block);
    const rowBytes = blocks * ((block * bits) / 8);
    const zeroName = node.proto.input[3];
    const zeros = zeroName ? await this.get(zeroName) : undefined;
    if (zeroName && !zeros) return undefined;
    const zeroStored = zeroName ? this.stored(zeroName)?.dataType : undefined;
    const zeroPacked = zeroStored === undefined || zeroStored === TensorProto_DataType.UINT8;
    const zeroRow = Math.ceil((blocks * bits) / 8);
    const mask = (1 << bits) - 1;
    const field = (bytes: ArrayLike<number>, start: number, i: number) =>
      (bytes[start + ((i * bits) >> 3)] >> ((i * bits) & 7)) & mask;
    const data = new Float32Array(n * k);
    for (let row = 0; row < n; row++) {
      for (let b = 0; b < blocks; b++) {
        const scale = scales.data[row * blocks + b];
        const zero = !zeros
          ? 1 << (bits - 1)
          : zeroPacked
            ? field(zeros.data, row * zeroRow, b)
            : zeros.data[row * blocks + b];
        for (let i = b * block; i < Math.min(k, (b + 1) * block); i++) {
          data[row * k + i] = (field(packed.data, row * rowBytes, i) - zero) * scale;
        }
      }
    }
    return { name: packed.name, dims: [n, k], data };
  }
}

/** A negative axis counts from the end. */
export function wrap(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

function transpose(weight: Weight, perm?: readonly number[]): Weight {
  const rank = weight.dims.length;
  const order = perm && perm.length > 0 ? perm : weight.dims.map((_, i) => rank - 1 - i);
  const dims = order.map((axis) => weight.dims[axis]);
  const strides = weight.dims.map((_, i) => weight.dims.slice(i + 1).reduce((a, b) => a * b, 1));
  const data = new Float64Array(weight.data.length);
  for (let i = 0; i < data.length; i++) {
    let [rest, from] = [i, 0];
    for (let axis = rank - 1; axis >= 0; axis--) {
      from += (rest % dims[axis]) * strides[order[axis]];
      rest = Math.floor(rest / dims[axis]);
    }
    data[i] = weight.data[from];
  }
  return { name: weight.name, dims, data };
}

function fromFields(tensor: TensorProto): Float32Array | Float64Array {
  const { FLOAT, DOUBLE, INT64, FLOAT16, BFLOAT16, UINT32, UINT64 } = TensorProto_DataType;
  switch (tensor.dataType) {
    case FLOAT:
      return Float32Array.from(tensor.floatData);
    case DOUBLE:
      return Float64Array.from(tensor.doubleData);
    case INT64:
      return Float64Array.from(tensor.int64Data, Number);
    case UINT32:
    case UINT64:
      return Float64Array.from(tensor.uint64Data, Number);
    case FLOAT16:
      return Float32Array.from(tensor.int32Data, half);
    case BFLOAT16:
      return Float32Array.from(tensor.int32Data, brain);
    default:
      return Float64Array.from(tensor.int32Data);
  }
}

function fromRaw(tensor: TensorProto, raw: Uint8Array, size: number): Float32Array | Float64Array {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const fill = (width: number, read: (at: number) => number) => {
    if (raw.length < size * width) throw unreadable(tensor.name, `has ${raw.length} bytes for ${size} values`);
    const data = width === 8 ? new Float64Array(size) : new Float32Array(size);
    for (let i = 0; i < size; i++) data[i] = read(i * width);
    return data;
  };
  const T = TensorProto_DataType;
  switch (tensor.dataType) {
    case T.FLOAT:
      return fill(4, (at) => view.getFloat32(at, true));
    case T.DOUBLE:
      return fill(8, (at) => view.getFloat64(at, true));
    case T.FLOAT16:
      return fill(2, (at) => half(view.getUint16(at, true)));
    case T.BFLOAT16:
      return fill(2, (at) => brain(view.getUint16(at, true)));
    case T.INT64:
      return fill(8, (at) => Number(view.getBigInt64(at, true)));
    case T.UINT64:
      return fill(8, (at) => Number(view.getBigUint64(at, true)));
    case T.INT8:
      return fill(1, (at) => view.getInt8(at));
    case T.UINT8:
    case T.BOOL:
      return fill(1, (at) => raw[at]);
    case T.INT16:
      return fill(2, (at) => view.getInt16(at, true));
    case T.UINT16:
      return fill(2, (at) => view.getUint16(at, true));
    // Zero points of accumulators: beyond 2²⁴ a float32 would round, but none are that large.
    case T.INT32:
      return fill(4, (at) => view.getInt32(at, true));
    case T.UINT4:
    case T.INT4: {
      const signed = tensor.dataType === T.INT4;
      return Float32Array.from({ length: size }, (_, i) => {
        const nibble = (raw[i >> 1] >> (4 * (i & 1))) & 15;
        return signed && nibble > 7 ? nibble - 16 : nibble;
      });
    }
    default:
      throw unreadable(tensor.name, `has the element type ${tensor.dataType}`);
  }
}

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

function brain(bits: number): number {
  word[0] = bits << 16;
  return single[0];
}

/** The number that 16 bits of IEEE half precision stand for. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function unreadable(name: string, why: string): SlicerError {
  const advice = 'Give the model with its weights beside it, or calibrate with metric covariance.';
  return new SlicerError('bad_onnx', `The weight '${name}' ${why}.`, { advice });
}
