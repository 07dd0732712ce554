/** Encoders: one call for one tensor, or a reusable object for many. */
import { FEATURES, MAX_RANK, MODES, SECTIONS, SLOT } from './abi.js';
import { SlicerError } from './errors.js';
import { Handle } from './handle.js';
import { writeEncodeOptions } from './options.js';
import { arrayOver, checkTensor, dtypeCode, inputBytes, sizeOf } from './tensor.js';
import type { DecodedTensor, DType, EncodeOptions, EncodeReport, EncodeResult, Tensor } from './types.js';
import type { Engine } from './wasm.js';

/** Sentences for the bits of the warning slot. */
const WARNINGS = [
  'The largest value is more than 30 times the root mean square: granularity row or channel may be much smaller.',
  'No encoder made the tensor smaller: it is stored as it is.',
  'The error budget could only be met without loss.',
] as const;

/** Encodes tensors one after another; after the first few calls of a size, it allocates nothing inside WASM. */
export class Encoder {
  private readonly handle: Handle;
  private last: { bytes: number; rawBytes: number; size: number; microseconds: number } | undefined;

  /** @internal A codec makes these. */
  constructor(engine: Engine) {
    this.handle = new Handle(engine);
  }

  /** Encodes into a fresh array. */
  encode(tensor: Tensor, options: EncodeOptions): EncodeResult {
    const bytes = this.run(tensor, options).slice();
    return { bytes, report: this.report() };
  }

  /** Encodes into the caller's array and returns the number of bytes written. */
  encodeInto(tensor: Tensor, options: EncodeOptions, target: Uint8Array): number {
    const bytes = this.run(tensor, options);
    if (bytes.length > target.length) {
      throw new SlicerError('limit_exceeded', `The frame has ${bytes.length} bytes, the target ${target.length}.`, {
        advice: 'A target of the tensor’s own size plus 64 bytes always suffices.',
      });
    }
    target.set(bytes);
    return bytes.length;
  }

  /**
   * An array inside WASM for `size` values of a type. What is written there and then passed as a tensor's `data` is encoded
   * where it is, without a copy. Take it anew for every tensor: any call may make the memory grow, and the array is empty then.
   */
  input(type: DType, size: number): DecodedTensor['data'] {
    const bytes = inputBytes(type, size);
    return arrayOver(type, this.handle.room(bytes));
  }

  /** What the last call did. */
  report(): EncodeReport {
    if (!this.last) throw new SlicerError('invalid_option', 'Nothing has been encoded yet.');
    const { bytes, rawBytes, size, microseconds } = this.last;
    const slot = (index: number) => this.handle.slot(index);
    const flags = slot(SLOT.warnings);
    return {
      bytes,
      rawBytes,
      ratio: bytes === 0 ? 0 : rawBytes / bytes,
      bitsPerValue: size === 0 ? 0 : (8 * bytes) / size,
      mode: MODES[slot(SLOT.usedMode)] as EncodeReport['mode'],
      step: slot(SLOT.step),
      nrmse: slot(SLOT.nrmse),
      worstGroupNrmse: slot(SLOT.worstGroupNrmse),
      maxError: slot(SLOT.maxError),
      energyRatio: slot(SLOT.energyRatio),
      layout: {
        rows: slot(SLOT.rows),
        channels: slot(SLOT.channels),
        height: slot(SLOT.height),
        width: slot(SLOT.width),
      },
      sections: Object.fromEntries(SECTIONS.map((name, i) => [name, slot(SLOT.sections + i)])),
      tools: Object.entries(FEATURES)
        .filter(([bit]) => (slot(SLOT.features) >>> Number(bit)) & 1)
        .map(([, name]) => name),
      warnings: WARNINGS.filter((_, bit) => flags & (1 << bit)),
      microseconds,
    };
  }

  /** Gives the memory back to the module. */
  free(): void {
    this.handle.free();
    this.last = undefined;
  }

  /** Encodes and returns a view of the frame inside WASM. */
  private run(tensor: Tensor, options: EncodeOptions): Uint8Array {
    const start = performance.now();
    checkTensor(tensor);
    const { type, data, dims } = tensor;
    const profile = options?.profile === undefined ? 0 : this.handle.profile(options.profile);
    const values = this.handle.values();
    const { base } = this.handle;
    values[base + SLOT.dtype] = dtypeCode(type);
    values[base + SLOT.rank] = dims.length;
    for (let i = 0; i < MAX_RANK; i++) values[base + SLOT.dims + i] = dims[i] ?? 1;
    writeEncodeOptions(options, values, base);
    values[base + SLOT.profile] = profile;
    this.handle.feed(data);
    this.handle.run('encode');
    const bytes = this.handle.result();
    this.last = {
      bytes: bytes.length,
      rawBytes: data.byteLength,
      size: sizeOf(dims),
      microseconds: (performance.now() - start) * 1000,
    };
    return bytes;
  }
}
