/** Inputs that the caller supplies: arrays by the name of the input, each one item or a stack of them. */
import type { Runtime, RuntimeMetadata, RuntimeTensor } from '../runtime/ort.js';
import type { ModelTensor } from '../runtime/tensors.js';
import { onnxError } from './errors.js';

/** Arrays by input; an empty name stands for the only input of a model. Item i is made of the i-th of every input. */
export type SuppliedInputs = Readonly<Record<string, readonly ModelTensor[]>>;

/**
 * The supplied inputs one item after the other, ready to run. Inputs of the model for which nothing was supplied keep
 * what `rest` has for them.
 *
 * An array is taken as one item where its dims are those of the input; otherwise it is a stack whose rows are items, with
 * or without the input's first axis.
 *
 * @throws SlicerError `unknown_tensor` for names the model has no input of, `invalid_tensor` for arrays that do not fit.
 */
export function* feedsOf(
  runtime: Runtime,
  inputs: readonly RuntimeMetadata[],
  supplied: SuppliedInputs,
  rest: Readonly<Record<string, RuntimeTensor>>,
): Generator<Record<string, RuntimeTensor>> {
  const items = Object.entries(supplied).map(([name, arrays]) => {
    const input = name === '' && inputs.length === 1 ? inputs[0] : inputs.find((one) => one.name === name);
    if (!input) {
      const names = inputs.map((one) => one.name).join(', ');
      const which = name === '' ? `the model has ${inputs.length} inputs` : `the model has no input '${name}'`;
      throw onnxError('unknown_tensor', which, `Say which with NAME=FILE; its inputs: ${names}.`);
    }
    return { name: input.name, items: arrays.flatMap((array) => [...itemsOf(input, array)]) };
  });
  const count = items.length === 0 ? 0 : Math.max(...items.map((one) => one.items.length));
  const short = items.find((one) => one.items.length !== count);
  if (short) {
    const counts = items.map((one) => `${one.items.length} for '${one.name}'`).join(', ');
    throw onnxError('invalid_tensor', `the inputs supplied are not equally many: ${counts}`, 'Give as many for each.');
  }
  for (let i = 0; i < count; i++) {
    const given = items.map(({ name, items: list }) => {
      const { type, data, dims } = list[i]!;
      return [name, new runtime.Tensor(type, data, dims)];
    });
    yield { ...rest, ...Object.fromEntries(given) };
  }
}

function* itemsOf(input: RuntimeMetadata, array: ModelTensor): Generator<ModelTensor> {
  const type = typeFor(input, array);
  const stated = input.shape ?? [];
  const fits = (dims: readonly number[]) =>
    stated.length === 0 ||
    (dims.length === stated.length &&
      stated.every((size, i) => typeof size !== 'number' || size < 0 || size === dims[i]));
  const { data, dims } = array;
  const values = data as unknown as { length: number; subarray(from: number, to: number): ModelTensor['data'] };
  const rows = dims[0] ?? 1;
  const size = rows === 0 ? 0 : values.length / rows;
  const row = (i: number) => convert(type, values.subarray(i * size, (i + 1) * size));
  if (fits(dims) && !(rows > 1 && fits([1, ...dims.slice(1)]))) yield { type, data: convert(type, data), dims };
  else if (fits([1, ...dims.slice(1)])) {
    for (let i = 0; i < rows; i++) yield { type, data: row(i), dims: [1, ...dims.slice(1)] };
  } else if (fits(dims.slice(1))) for (let i = 0; i < rows; i++) yield { type, data: row(i), dims: dims.slice(1) };
  else if (fits([1, ...dims])) yield { type, data: convert(type, data), dims: [1, ...dims] };
  else {
    const wanted = stated.map((one) => (typeof one === 'number' && one < 0 ? '?' : one || '?'));
    throw onnxError(
      'invalid_tensor',
      `an array of sizes [${dims}] does not fit the input '${input.name}', which is [${wanted}]`,
      'Give one item, or items stacked along a first axis.',
    );
  }
}

/** Arrays of ids come as int32 or int64 as it happens: whole numbers become the type that the input has. */
const INTEGERS = new Set(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'bool']);

function typeFor(input: RuntimeMetadata, array: ModelTensor): string {
  const wanted = input.type ?? array.type;
  if (wanted === array.type || (INTEGERS.has(wanted) && INTEGERS.has(array.type))) return wanted;
  throw onnxError(
    'invalid_tensor',
    `the array for the input '${input.name}' is ${array.type}, and the input is ${wanted}`,
    `Convert it first: x.astype(numpy.${wanted}).`,
  );
}

function convert(type: string, data: ModelTensor['data']): ModelTensor['data'] {
  const values = data as ArrayLike<number | bigint>;
  if (type === 'int64' && !(data instanceof BigInt64Array)) return BigInt64Array.from(values, (value) => BigInt(value));
  const Wanted = ARRAYS[type];
  return Wanted && !(data instanceof Wanted) ? Wanted.from(values as ArrayLike<number>) : data;
}

const ARRAYS: Readonly<
  Record<string, { new (n: number): ModelTensor['data']; from(v: ArrayLike<number>): ModelTensor['data'] }>
> = {
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
};
