/** Streams: a setup sent once, then one bare body per call; for tensors that arrive row by row, such as hidden states. */
import { SLOT } from './abi.js';
import { SlicerError } from './errors.js';
import { Handle } from './handle.js';
import { layoutCode } from './options.js';
import { arrayOver, checkArray, checkDims, dtypeCode, elementSize, inputBytes, sizeOf } from './tensor.js';
import type { DecodedTensor, StreamOptions } from './types.js';
import type { Engine } from './wasm.js';

const KEYS = new Set([
  'type',
  'dims',
  'step',
  'layout',
  'shape',
  'checksum',
  'sample',
  'trellis',
  'adaptive',
  'profile',
]);

/** Encodes bodies of one setup. The receiver needs `setup` once, then every body with its length. */
export class StreamEncoder {
  /** Bytes of the setup: hand them to a `StreamDecoder`. */
  readonly setup: Uint8Array;
  private readonly handle: Handle;

  /** @internal A codec makes these. */
  constructor(
    engine: Engine,
    private readonly options: StreamOptions,
  ) {
    check(options);
    const { sample } = options;
    const data = sample && { ...sample, data: sample.data.slice() };
    let renewed = false;
    this.handle = new Handle(engine, () => {
      this.open(data);
      // A new instance has forgotten the bodies before; the next one tells the decoder so.
      if (renewed && options.adaptive) this.reset();
      renewed = true;
    });
    try {
      this.handle.values();
      this.setup = this.handle.result().slice();
    } catch (error) {
      this.handle.free();
      throw error;
    }
  }

  /**
   * Encodes whole rows (slices along the first axis, at most `dims[0]` of them) as one body; with `maxBytes` under a cap, by a
   * coarser step where it takes one.
   */
  encode(data: ArrayBufferView, options?: { maxBytes?: number }): Uint8Array {
    this.run(data, options);
    return this.handle.result().slice();
  }

  /** Encodes into the caller's array and returns the number of bytes written. */
  encodeInto(data: ArrayBufferView, target: Uint8Array, options?: { maxBytes?: number }): number {
    this.run(data, options);
    const length = this.handle.resultInto(target);
    if (length > target.byteLength) {
      throw new SlicerError('limit_exceeded', `The body has ${length} bytes, the target ${target.byteLength}.`, {
        advice: 'Make room for twice the bytes of the rows.',
      });
    }
    return length;
  }

  /** An array inside WASM for so many rows: filled and passed to `encode`, it is not copied. Take it anew for every body. */
  input(rows: number): DecodedTensor['data'] {
    const { type, dims } = this.options;
    return arrayOver(type, this.handle.room(inputBytes(type, rows * sizeOf(dims.slice(1)))));
  }

  /** Gives the memory back to the module. */
  free(): void {
    this.handle.free();
  }

  /** What the bodies so far left for the next one (adaptive classes); equal at both ends after the same bodies. */
  snapshot(): Uint8Array {
    return this.handle.snapshot();
  }

  /** Goes on from a snapshot that the decoder still holds, too. */
  restore(state: Uint8Array): void {
    this.handle.restore(state);
  }

  /** Makes the next body begin anew, whatever the decoder's state is: the way on after a loss. */
  reset(): void {
    this.handle.restore(new Uint8Array(0));
  }

  private run(data: ArrayBufferView, options: { maxBytes?: number } | undefined): void {
    checkArray(this.options.type, data);
    // A misspelt cap would be no cap at all.
    for (const key in options) {
      if (key !== 'maxBytes') throw new SlicerError('invalid_option', `Unknown option ${key}.`);
    }
    const maxBytes = options?.maxBytes;
    if (maxBytes !== undefined && !(typeof maxBytes === 'number' && maxBytes >= 1)) {
      throw new SlicerError('invalid_option', `maxBytes must be a number, at least 1; it is ${String(maxBytes)}.`);
    }
    this.handle.values()[this.handle.base + SLOT.budgetValues] = maxBytes ?? Number.NaN;
    this.handle.feed(data);
    this.handle.run('stream_encode');
  }

  private open(sample: StreamOptions['sample']): void {
    const { type, dims, layout, step, shape, checksum, trellis, adaptive, profile } = this.options;
    const used = profile ? this.handle.profile(profile) : 0;
    const values = this.handle.values();
    const { base } = this.handle;
    values[base + SLOT.dtype] = dtypeCode(type);
    values[base + SLOT.rank] = dims.length;
    for (let i = 0; i < dims.length; i++) values[base + SLOT.dims + i] = dims[i];
    values[base + SLOT.layout] = layoutCode(layout);
    const numbers = [step, shape ?? 1, checksum ? 1 : 0, sample ? sample.rows : Number.NaN];
    values.set(numbers, base + SLOT.budgetValues);
    values[base + SLOT.profile] = used;
    values[base + SLOT.streamTools] = (trellis ? 1 : 0) | (adaptive ? 2 : 0);
    this.handle.feed(sample?.data ?? new Uint8Array(0));
    this.handle.run('stream_setup');
  }
}

function check(options: StreamOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new SlicerError('invalid_option', 'A stream needs options: at least type, dims and step.');
  }
  for (const key in options) {
    if (!KEYS.has(key)) throw new SlicerError('invalid_option', `Unknown option ${key}.`);
  }
  const { type, dims, step, shape, sample } = options;
  dtypeCode(type);
  checkDims(dims);
  if (dims.length === 0) throw new SlicerError('bad_dims', 'A stream needs at least one axis.');
  if (typeof step !== 'number' || !(step > 0) || step === Number.POSITIVE_INFINITY) {
    throw new SlicerError('invalid_option', `step must be a positive number; it is ${String(step)}.`);
  }
  if (shape !== undefined && ![0, 1, 2, 3].includes(shape)) {
    throw new SlicerError('invalid_option', `shape must be 0, 1, 2 or 3; it is ${String(shape)}.`);
  }
  if (!sample) return;
  checkArray(type, sample.data);
  if (sample.data.byteLength !== sample.rows * sizeOf(dims.slice(1)) * elementSize(type)) {
    throw new SlicerError(
      'invalid_tensor',
      `The sample is not ${sample.rows} rows of ${sizeOf(dims.slice(1))} values.`,
    );
  }
}
