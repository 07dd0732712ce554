/** Tensors on their way into and out of a model, as every ONNX Runtime has them. */

/** A size, the name of a size that is open, or `null` for an open size without a name. */
export type OpenDim = number | string | null;

/**
 * A tensor in row-major order, of any element type a model can have (`'float32'`, `'int64'`, `'bool'`, …). Halves are
 * their bits in a `Uint16Array`, or a `Float16Array` where the language has one. An `ort.Tensor` is one.
 */
export interface ModelTensor {
  readonly type: string;
  readonly data: ArrayBufferView | ArrayLike<number> | ArrayLike<bigint> | readonly string[];
  readonly dims: readonly number[];
}

/** Tensors by the name of the value they belong to. */
export type Tensors = Readonly<Record<string, ModelTensor>>;

/** An input or output of a model; what its file leaves open is `undefined`. */
export interface ModelValue {
  readonly name: string;
  readonly type: string | undefined;
  readonly dims: readonly OpenDim[] | undefined;
}

/** Whether actual dims can be those of a value: same rank, and fixed sizes as they are. Unknown dims fit everything. */
export function dimsFit(dims: readonly number[], stated: readonly OpenDim[] | undefined | null): boolean {
  if (!stated) return true;
  return dims.length === stated.length && stated.every((size, i) => typeof size !== 'number' || size === dims[i]);
}

/** A type and dims in words: `float32 [N, 3, 224, 224]`. */
export function describeType(type: string | undefined, dims: readonly OpenDim[] | undefined | null): string {
  const sizes = dims ? `[${dims.map((size) => size ?? '?').join(', ')}]` : 'of unknown dims';
  return `${type ?? 'unknown type'} ${sizes}`;
}
