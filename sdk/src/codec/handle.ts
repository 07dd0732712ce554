/** One encoder or decoder inside WASM: its buffers, its slots, its errors. */
import { SLOT } from './abi.js';
import { coreError, SlicerError } from './errors.js';
import { bytesOf, checkAttached } from './tensor.js';
import type { Engine, WasmExports } from './wasm.js';

/** The functions of the façade that take a handle and return a status. */
type Operation =
  | 'encode'
  | 'decode'
  | 'inspect'
  | 'profile_add'
  | 'stream_open'
  | 'stream_decode'
  | 'stream_setup'
  | 'stream_encode'
  | 'stream_state'
  | 'stream_restore';

/** Owns a handle and renews it when the module was started anew. */
export class Handle {
  private handle = 0;
  private generation = 0;
  /** Numbers of the profiles this handle has parsed; weak, because callers may bring a new array with every call. */
  private profiles = new WeakMap<Uint8Array, number>();
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
      this.profiles = new WeakMap();
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

  /** Parses a profile, once, and returns its number. */
  profile(bytes: Uint8Array): number {
    if (!ArrayBuffer.isView(bytes)) throw new SlicerError('invalid_option', 'A profile is given as a Uint8Array.');
    this.open();
    const known = this.profiles.get(bytes);
    if (known !== undefined) return known;
    checkAttached(bytes);
    const values = this.values();
    values[this.base + SLOT.maxBytes] = Number.NaN;
    values[this.base + SLOT.maxWork] = Number.NaN;
    this.feed(bytes);
    this.run('profile_add');
    const number = this.slot(SLOT.profile);
    this.profiles.set(bytes, number);
    return number;
  }

  /** State of the open stream, copied. */
  snapshot(): Uint8Array {
    this.run('stream_state');
    return this.result().slice();
  }

  /** Puts a state back; an empty one begins anew. */
  restore(state: Uint8Array): void {
    this.feed(state);
    try {
      this.run('stream_restore');
    } catch (cause) {
      throw new SlicerError('invalid_option', 'These bytes are no snapshot of a stream.', { cause });
    }
  }

  /** Copies the input in, unless it is what `room` gave. */
  feed(data: ArrayBufferView): void {
    // A mistake of the caller must not cost the instance, and with it what every other handle holds.
    if (!ArrayBuffer.isView(data)) throw new SlicerError('invalid_option', 'The input is no typed array.');
    const at = this.input(data.byteLength);
    const bytes = this.engine.bytes();
    if (data.buffer === bytes.buffer && data.byteOffset === at) return;
    // Between arrays of one type no view has to be made first.
    if (data instanceof Float32Array && at % 4 === 0) this.engine.f32().set(data, at / 4);
    else bytes.set(bytesOf(data), at);
  }

  /** The input's place inside WASM: fill it, then feed it. Valid until another call makes the memory grow. */
  room(length: number): Uint8Array {
    const at = this.input(length);
    return this.engine.bytes().subarray(at, at + length);
  }

  private input(length: number): number {
    const wasm = this.open();
    try {
      const at = wasm.input(this.handle, length) >>> 0;
      if (at === 0) throw outOfMemory(length);
      return at;
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

  /** Copies the result to the beginning of an array of any type and returns its bytes; where it is too long, it copies nothing. */
  resultInto(target: ArrayBufferView): number {
    const wasm = this.open();
    const [at, length] = [wasm.output(this.handle) >>> 0, wasm.output_len(this.handle) >>> 0];
    if (length > target.byteLength) return length;
    if (target instanceof Float32Array && (at | length) % 4 === 0) {
      target.set(this.engine.f32().subarray(at / 4, (at + length) / 4));
    } else {
      bytesOf(target).set(this.engine.bytes().subarray(at, at + length));
    }
    return length;
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
