/** Decoders: one call for one frame, or a reusable object for many. */
import { DTYPES, SLOT } from './abi.js';
import { SlicerError } from './errors.js';
import { Handle } from './handle.js';
import { writeDecodeOptions } from './options.js';
import { arrayFrom, arrayOver, bytesOf, checkAttached, sizeOf } from './tensor.js';
import type { DecodedTensor, DecodeOptions } from './types.js';
import type { Engine } from './wasm.js';

/** What decoders of frames and of bodies have in common. */
export abstract class BaseDecoder {
  /** @internal */
  protected abstract readonly handle: Handle;
  /** @internal */
  protected abstract readonly operation: 'decode' | 'stream_decode';
  /** Limits of calls that name none. */
  protected readonly limits: DecodeOptions | undefined;

  constructor(limits?: DecodeOptions) {
    this.limits = limits;
  }

  /** Decodes into a fresh array. */
  decode(bytes: Uint8Array | ArrayBuffer, options?: DecodeOptions): DecodedTensor {
    this.run(bytes, options);
    const head = readHead(this.handle);
    return { type: head.type, data: arrayFrom(head.type, this.handle.result()), dims: head.dims, size: head.size };
  }

  /**
   * Decodes into the caller's array, which may be larger than the tensor and of any type: its bytes are what is written.
   * Nothing is written unless the whole input is sound.
   */
  decodeInto(
    bytes: Uint8Array | ArrayBuffer,
    target: ArrayBufferView,
    options?: DecodeOptions,
  ): Omit<DecodedTensor, 'data'> {
    this.run(bytes, options);
    const length = this.handle.resultInto(target);
    if (length > target.byteLength) {
      throw new SlicerError('limit_exceeded', `The tensor has ${length} bytes, the target ${target.byteLength}.`, {
        advice: 'inspect(bytes) tells type and dims before decoding.',
      });
    }
    return readHead(this.handle);
  }

  /** Decodes without a copy: `data` lies inside WASM and is good until the next call of anything in this module. */
  decodeView(bytes: Uint8Array | ArrayBuffer, options?: DecodeOptions): DecodedTensor {
    this.run(bytes, options);
    const head = readHead(this.handle);
    return { type: head.type, data: arrayOver(head.type, this.handle.result()), dims: head.dims, size: head.size };
  }

  /** Gives the memory back to the module. */
  free(): void {
    this.handle.free();
  }

  /** Refuses an input that this decoder is in no state to take. */
  protected check(_input: Uint8Array): void {}

  private run(bytes: Uint8Array | ArrayBuffer, options: DecodeOptions | undefined): void {
    const input = checkBytes(bytes);
    if (options?.profiles) for (const profile of options.profiles) this.handle.profile(profile);
    const values = this.handle.values();
    this.check(input);
    writeDecodeOptions(options ?? this.limits, values, this.handle.base);
    this.handle.feed(input);
    this.handle.run(this.operation);
  }
}

/** Decodes standalone frames one after another; after the first few calls of a size, it allocates nothing inside WASM. */
export class Decoder extends BaseDecoder {
  /** @internal */
  protected readonly handle: Handle;
  /** @internal */
  protected readonly operation = 'decode';

  /** @internal A codec makes these. */
  constructor(engine: Engine) {
    super();
    this.handle = new Handle(engine);
  }
}

/** Decodes the bare bodies of a stream whose setup was received once; `options` hold for every body that brings none of its own. */
export class StreamDecoder extends BaseDecoder {
  /** @internal */
  protected readonly handle: Handle;
  /** @internal */
  protected readonly operation = 'stream_decode';
  /** The module was started anew, and what the bodies before had left is gone. */
  private lost = false;

  /** @internal A codec makes these. */
  constructor(engine: Engine, setup: Uint8Array | ArrayBuffer, options?: DecodeOptions) {
    super(options);
    // Kept, because a new instance of the module has to be told again.
    const bytes = checkBytes(setup).slice();
    let opened = false;
    this.handle = new Handle(engine, () => {
      this.lost = opened && isAdaptive(bytes);
      opened = true;
      for (const profile of options?.profiles ?? []) this.handle.profile(profile);
      const values = this.handle.values();
      writeDecodeOptions(options, values, this.handle.base);
      this.handle.feed(bytes);
      this.handle.run('stream_open');
    });
    try {
      this.handle.values();
    } catch (error) {
      this.handle.free();
      throw error;
    }
  }

  /** What the bodies so far left for the next one (adaptive classes): for a later `restore` after a loss or a rollback. */
  snapshot(): Uint8Array {
    return this.handle.snapshot();
  }

  /** Goes on from a snapshot of this stream, taken at either end. */
  restore(state: Uint8Array): void {
    this.handle.restore(state);
    this.lost = false;
  }

  /** Begins anew, as a new decoder would. */
  reset(): void {
    this.handle.restore(new Uint8Array(0));
    this.lost = false;
  }

  protected override check(body: Uint8Array): void {
    // A body that begins anew needs no memory.
    if (this.lost && !(body[0] & RESET)) {
      throw new SlicerError('state_lost', 'The codec was restarted, and what this stream remembered is gone.');
    }
    this.lost = false;
  }
}

/** Bit of a body's header: adaptive classes begin anew. */
const RESET = 4;
/** Feature bit of adaptive classes. */
const ADAPTIVE = 14;

/** Whether the bodies of a setup depend on those before; the features follow two bytes of version. */
function isAdaptive(setup: Uint8Array): boolean {
  const at = 2 + Math.floor(ADAPTIVE / 7);
  for (let i = 2; i < at; i++) if (setup[i] < 0x80) return false;
  return ((setup[at] >> (ADAPTIVE % 7)) & 1) === 1;
}

/** Type and dims as the last operation left them. */
export function readHead(handle: Handle): Omit<DecodedTensor, 'data'> {
  const dims: number[] = [];
  for (let i = 0, rank = handle.slot(SLOT.rank); i < rank; i++) dims.push(handle.slot(SLOT.dims + i));
  return { type: DTYPES[handle.slot(SLOT.dtype)], dims, size: sizeOf(dims) };
}

/** The input of a decoder as bytes; anything else is an error. */
export function checkBytes(bytes: unknown): Uint8Array {
  const isBuffer = Object.prototype.toString.call(bytes) === '[object ArrayBuffer]';
  if (!ArrayBuffer.isView(bytes) && !isBuffer) {
    throw new SlicerError('invalid_option', 'The input is neither a Uint8Array nor an ArrayBuffer.');
  }
  checkAttached(bytes as ArrayBuffer);
  return bytesOf(bytes as ArrayBuffer);
}
