/** Inputs for a trial run: random values, the same ones each time, in sizes that the model accepts. */

import type { Runtime, RuntimeMetadata, RuntimeTensor } from '../runtime/ort.js';
import { onnxError } from './errors.js';

/** Sizes of inputs by name, for models that leave them open. */
export type InputShapes = Readonly<Record<string, readonly number[]>>;

/** Tried in turn for open sizes (a first, batch, size is 1): sequence lengths, image sides, then the odd ones. */
const CANDIDATES = [64, 224, 320, 32, 128, 1, 512];

/**
 * Feeds for every input of a session. Integers and booleans are 0 or 1, which suits token ids, masks and lengths alike;
 * floats are normally distributed.
 */
export function randomFeeds(
  runtime: Runtime,
  inputs: readonly RuntimeMetadata[],
  shapes: InputShapes,
  open: number,
  seed = 1,
): Record<string, RuntimeTensor> {
  const random = generator(seed);
  // A size that is the batch of one input is the batch wherever its name stands: caches have it in second place.
  const batch = new Set(inputs.filter(({ shape }) => (shape?.length ?? 0) > 1).map(({ shape }) => shape![0]!));
  return Object.fromEntries(
    inputs.map((input) => {
      const stated = input.shape ?? [];
      const dims =
        shapes[input.name] ??
        stated.map((size, i) => {
          if (typeof size === 'number' && size >= 0) return size;
          return (isBatch(i) && stated.length > 1) || (size !== '' && batch.has(size)) ? 1 : open;
        });
      checkShape(input, dims);
      const count = dims.reduce((a, b) => a * b, 1);
      return [input.name, new runtime.Tensor(input.type ?? 'float32', fill(input, count, random), dims)];
    }),
  );
}

/** Whether sizes other than the batch are left open, so that feeds for the inputs are a guess. */
export function isGuess(inputs: readonly RuntimeMetadata[], shapes: InputShapes): boolean {
  return inputs.some(
    (input) =>
      !shapes[input.name] && input.shape?.some((size, i) => typeof size === 'string' && (i > 0 || !isBatch(i))),
  );
}

/** Runs `attempt` with feeds of growing oddness until the model accepts one; gives the last refusal otherwise. */
export async function firstAccepted<T>(
  runtime: Runtime,
  inputs: readonly RuntimeMetadata[],
  shapes: InputShapes,
  attempt: (feeds: Record<string, RuntimeTensor>) => Promise<T>,
): Promise<T> {
  let last: unknown;
  for (const open of isGuess(inputs, shapes) ? CANDIDATES : CANDIDATES.slice(0, 1)) {
    try {
      return await attempt(randomFeeds(runtime, inputs, shapes, open));
    } catch (error) {
      last = error;
      // Other sizes would not help.
      if (['invalid_option', 'unsupported_feature', 'io_error'].includes((error as { code?: string }).code ?? ''))
        throw error;
    }
  }
  const reason = last instanceof Error ? last.message : String(last);
  throw onnxError(
    'bad_onnx',
    `onnxruntime cannot run the model on random input: ${reason}`,
    'Give the sizes of its inputs (inputShapes, --input-shape NAME=1,3,224,224).',
  );
}

const isBatch = (place: number): boolean => place === 0;

function checkShape(input: RuntimeMetadata, dims: readonly number[]): void {
  const stated = input.shape ?? [];
  const fits = stated.length === 0 || stated.length === dims.length;
  const agrees = fits && stated.every((size, i) => typeof size !== 'number' || size < 0 || size === dims[i]);
  if (agrees && dims.every((size) => Number.isInteger(size) && size >= 0)) return;
  throw onnxError(
    'invalid_option',
    `the sizes [${dims}] do not fit the input '${input.name}', which is [${stated.map((size) => size || '?')}]`,
    'Give as many sizes as the input has, and the fixed ones as they are.',
  );
}

function fill(input: RuntimeMetadata, count: number, random: () => number): unknown {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const bit = () => (random() < 0.5 ? 0 : 1);
  switch (input.type) {
    case 'float32':
      return Float32Array.from({ length: count }, normal);
    case 'float64':
      return Float64Array.from({ length: count }, normal);
    case 'float16':
      // Halves as bit patterns: ±0.5 to ±2 from the exponents 14 to 16 and ten random fraction bits.
      return Uint16Array.from(
        { length: count },
        () => (bit() << 15) | ((14 + Math.floor(random() * 2)) << 10) | (random() * 1024),
      );
    case 'int64':
      return BigInt64Array.from({ length: count }, () => BigInt(bit()));
    case 'uint64':
      return BigUint64Array.from({ length: count }, () => BigInt(bit()));
    case 'int32':
      return Int32Array.from({ length: count }, bit);
    case 'uint32':
      return Uint32Array.from({ length: count }, bit);
    case 'int16':
      return Int16Array.from({ length: count }, bit);
    case 'uint16':
      return Uint16Array.from({ length: count }, bit);
    case 'int8':
      return Int8Array.from({ length: count }, bit);
    case 'uint8':
    case 'bool':
      return Uint8Array.from({ length: count }, bit);
    default:
      throw onnxError(
        'invalid_option',
        `there is no random input of the type ${input.type ?? 'unknown'} for '${input.name}'`,
        'Leave the check out (verify: false, --no-verify).',
      );
  }
}

/** Mulberry32: 32 bits of state are plenty for trial inputs, and the sequence is the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}
