/** One encoder or decoder inside WASM: its buffers, its slots, its errors. */
import { SLOT } from './abi.js';
import { coreError, SlicerError } from './errors.js';
import { bytesOf } from './tensor.js';
import type { Engine, WasmExports } from './wasm.js';

/** The functions of the façade that take a handle and return a status. */
type Operation = 'encode' | 'decode' | 'inspect' | 'stream_open' | 'stream_decode' | 'stream_setup' | 'stream_encode';

/** Owns a handle and renews it when the module was started anew. */
export class Handle {
  private handle = 0;
  private generation = 0;
  /** Index of the first slot in `values()`. */
  base = 0;

  /** `renew` brings back state that a new instance does not have; it runs whenever the handle is made. */
  constructor(
    readonly engine: Engine,
    private readonly renew?: () => void,
  ) {}

  private open(): WasmExports {
    const wasm = this.engine.exports();
    if (this.handle === 0 || this.generation !== this.engine.generation) {
      this.handle = wasm.codec_new();
      this.generation = this.engine.generation;
      this.base = (wasm.slots(this.handle) >>> 0) / 8;
      this.renew?.();
    }
    return wasm;
  }

  /** All memory as doubles, where the slots begin at `base`; valid until the next call into WASM. */
  values(): Float64Array {
    this.open();
    return this.engine.f64();
  }

  /** Reads one slot. */
  slot(index: number): number {
    return this.engine.f64()[this.base + index];
  }

  /** Copies the input in. */
  feed(data: ArrayBufferView): void {
    const wasm = this.open();
    try {
      const at = wasm.input(this.handle, data.byteLength) >>> 0;
      if (at === 0) throw outOfMemory(data.byteLength);
      this.engine.bytes().set(bytesOf(data), at);
    } catch (error) {
      throw this.engine.failed(error);
    }
  }

  /** Runs one operation on what was fed; throws the error it reports. */
  run(operation: Operation): void {
    const wasm = this.open();
    const action = wasm[operation];
    if (!action) {
      throw new SlicerError('unsupported_feature', 'This build only decodes.', {
        advice: "Import 'slicer-codec' for the encoder.",
      });
    }
    let status: number;
    try {
      status = action(this.handle);
    } catch (error) {
      throw this.engine.failed(error);
    }
    if (status !== 0) {
      throw coreError(
        this.slot(SLOT.errorCode),
        this.slot(SLOT.errorField),
        this.slot(SLOT.errorOffset),
        this.slot(SLOT.errorDetail),
      );
    }
  }

  /** The result as a view into WASM memory: copy it before the next call. */
  result(): Uint8Array {
    const wasm = this.open();
    const at = wasm.output(this.handle) >>> 0;
    return this.engine.bytes().subarray(at, at + (wasm.output_len(this.handle) >>> 0));
  }

  /** The entries of the last inspection, copied. */
  entries(): Float64Array {
    const wasm = this.open();
    const at = (wasm.entries(this.handle) >>> 0) / 8;
    return this.engine.f64().slice(at, at + (wasm.entries_len(this.handle) >>> 0));
  }

  /** Gives the buffers back; the handle opens again when it is used again. */
  free(): void {
    if (this.handle !== 0 && this.generation === this.engine.generation) this.engine.exports().codec_free(this.handle);
    this.handle = 0;
  }
}

function outOfMemory(length: number): SlicerError {
  return new SlicerError('limit_exceeded', `There is no memory for an input of ${length} bytes.`, {
    advice: 'Encode the tensor in parts.',
  });
}
