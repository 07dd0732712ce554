/** The parts of a split model, each a runner with the codec at its open ends. */
import type { DecodeOptions } from '../codec/types.js';
import { decode, encode } from '../entry/index.js';
import type { LinkTensor } from './description.js';
import { type FrameCodec, type LinkEncoding, type Packed, pack, type SentTensor, unpack } from './message.js';
import type { Runner } from './runner.js';
import type { ModelTensor, Tensors } from './tensors.js';

/** How the parts of a split model send and receive. */
export interface LinkOptions {
  /** Budget, effort, profile of what is sent; may be given anew with every call. `'balanced'` unless given. */
  encode?: LinkEncoding;
  /** Limits and profiles of what is received. */
  decode?: DecodeOptions;
  /** A codec with a WASM source of its own (`createCodec`); the package's unless given. */
  codec?: FrameCodec;
}

/** Milliseconds by stage. */
export interface StageTimes {
  /** Inside the model. */
  readonly model: number;
  /** Encoding, decoding, or both. */
  readonly codec: number;
  readonly total: number;
}

/** What one call of a part did. */
export interface PartReport {
  /** Bytes received or, for a head, sent. */
  readonly bytes: number;
  /** Bytes of the tensors that were sent, as they are. */
  readonly rawBytes: number;
  readonly ms: StageTimes;
  /** Every tensor that was sent, with its bytes and errors; empty for a tail. */
  readonly tensors: readonly SentTensor[];
}

const DEFAULT_ENCODING: LinkEncoding = { budget: 'balanced' };

/** What head, middle and tail have in common. */
export abstract class SplitPart {
  private readonly codec: FrameCodec;

  constructor(
    readonly runner: Runner,
    readonly options: LinkOptions = {},
  ) {
    this.codec = options.codec ?? ({ encode, decode } as unknown as FrameCodec);
  }

  /** Runs the model alone: all of its outputs, in the runtime's own buffers. */
  compute(feeds: Tensors, outputs?: readonly string[]): Promise<Record<string, ModelTensor>> {
    return this.runner.run(feeds, outputs);
  }

  /** Gives the model's memory back. */
  close(): Promise<void> {
    return this.runner.close();
  }

  /** Encodes the tensors of a link, with the encoding given or that of the options. */
  protected encodeLink(link: readonly LinkTensor[], tensors: Tensors, encoding?: LinkEncoding): Packed {
    return pack(this.codec, link, tensors, encoding ?? this.options.encode ?? DEFAULT_ENCODING);
  }

  /** Decodes the message of a link; throws a SlicerError for what is not of the types and dims it names. */
  protected decodeLink(link: readonly LinkTensor[], bytes: Uint8Array): Record<string, ModelTensor> {
    return unpack(this.codec, link, bytes, this.options.decode);
  }
}

/** The part on the device: inputs in, bytes out. */
export class SplitHead extends SplitPart {
  constructor(
    runner: Runner,
    /** The tensors that cross the cut, in the order of `cut.json`. */
    readonly sends: readonly LinkTensor[],
    options?: LinkOptions,
  ) {
    super(runner, options);
  }

  /** Encodes tensors that `compute` gave; those of the cut that are inputs of the model are among its feeds. */
  pack(tensors: Tensors, encoding?: LinkEncoding): Packed {
    return this.encodeLink(this.sends, tensors, encoding);
  }

  /** Runs the head and encodes what it computes. `outputs` are those of the whole model that the head itself computes. */
  async run(
    feeds: Tensors,
    encoding?: LinkEncoding,
  ): Promise<{ bytes: Uint8Array; outputs: Record<string, ModelTensor>; report: PartReport }> {
    const start = performance.now();
    const outputs = await this.compute(feeds);
    const computed = performance.now();
    const { bytes, tensors } = this.pack({ ...feeds, ...outputs }, encoding);
    const end = performance.now();
    const ms = { model: computed - start, codec: end - computed, total: end - start };
    return { bytes, outputs: without(outputs, this.sends), report: sentReport(bytes, tensors, ms) };
  }
}

/** A part between two cuts: bytes in, bytes out. */
export class SplitMiddle extends SplitPart {
  constructor(
    runner: Runner,
    readonly receives: readonly LinkTensor[],
    readonly sends: readonly LinkTensor[],
    options?: LinkOptions,
  ) {
    super(runner, options);
  }

  /** Decodes, runs, encodes. `feeds` are inputs of the whole model that this part reads and that do not cross the cut. */
  async run(
    bytes: Uint8Array,
    feeds: Tensors = {},
    encoding?: LinkEncoding,
  ): Promise<{ bytes: Uint8Array; outputs: Record<string, ModelTensor>; report: PartReport }> {
    const start = performance.now();
    const received = { ...feeds, ...this.decodeLink(this.receives, bytes) };
    const decoded = performance.now();
    const outputs = await this.compute(received);
    const computed = performance.now();
    const sent = this.encodeLink(this.sends, { ...received, ...outputs }, encoding);
    const end = performance.now();
    const ms = { model: computed - decoded, codec: end - computed + (decoded - start), total: end - start };
    return {
      bytes: sent.bytes,
      outputs: without(outputs, this.sends),
      report: sentReport(sent.bytes, sent.tensors, ms),
    };
  }
}

/** The part on the server: bytes in, outputs out. */
export class SplitTail extends SplitPart {
  constructor(
    runner: Runner,
    readonly receives: readonly LinkTensor[],
    options?: LinkOptions,
  ) {
    super(runner, options);
  }

  /** Decodes what a head or middle sent, by tensor. */
  unpack(bytes: Uint8Array): Record<string, ModelTensor> {
    return this.decodeLink(this.receives, bytes);
  }

  /** Decodes and runs the tail. `feeds` are inputs of the whole model that the tail reads and that do not cross the cut. */
  async run(
    bytes: Uint8Array,
    feeds: Tensors = {},
  ): Promise<{ outputs: Record<string, ModelTensor>; report: PartReport }> {
    const start = performance.now();
    const received = this.unpack(bytes);
    const decoded = performance.now();
    const outputs = await this.compute({ ...feeds, ...received });
    const end = performance.now();
    const ms = { model: end - decoded, codec: decoded - start, total: end - start };
    return { outputs, report: { bytes: bytes.length, rawBytes: sizeOf(received), ms, tensors: [] } };
  }
}

function sentReport(bytes: Uint8Array, tensors: readonly SentTensor[], ms: StageTimes): PartReport {
  return { bytes: bytes.length, rawBytes: tensors.reduce((sum, one) => sum + one.rawBytes, 0), ms, tensors };
}

function sizeOf(tensors: Tensors): number {
  return Object.values(tensors).reduce((sum, { data }) => sum + ((data as ArrayBufferView).byteLength ?? 0), 0);
}

function without(outputs: Record<string, ModelTensor>, link: readonly LinkTensor[]): Record<string, ModelTensor> {
  const crossing = new Set(link.filter((tensor) => !tensor.output).map((tensor) => tensor.name));
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => !crossing.has(name)));
}
