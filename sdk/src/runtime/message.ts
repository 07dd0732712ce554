/**
 * The tensors of one cut as bytes. A cut of one tensor is one standalone frame and nothing else; of several, the length
 * of every frame but the last comes first (32 bits, little-endian each), then the frames in the order of `cut.json`.
 */
import { SlicerError } from '../codec/errors.js';
import type { DecodeOptions, EncodeOptions, EncodeReport, EncodeResult, Tensor } from '../codec/types.js';
import { fromFrame, isReal, toFrame } from './carrier.js';
import type { LinkTensor } from './description.js';
import { describeType, dimsFit, type ModelTensor, type Tensors } from './tensors.js';

/** The part of a codec that is used here: that of the package, or one with a WASM source of its own. */
export interface FrameCodec {
  /** Encodes one tensor into a standalone frame. */
  encode(tensor: Tensor, options: EncodeOptions): EncodeResult;
  /** Decodes one standalone frame. */
  decode(
    bytes: Uint8Array,
    options?: DecodeOptions,
  ): { type: Tensor['type']; data: never; dims: number[]; size: number };
}

/** Options for all floating-point tensors of a cut, or a choice by name. Other tensors are symbols: always exact. */
export type LinkEncoding = EncodeOptions | ((name: string, tensor: ModelTensor) => EncodeOptions);

/** What became of one tensor. */
export interface SentTensor {
  readonly name: string;
  readonly type: string;
  readonly dims: readonly number[];
  /** Bytes of its frame. */
  readonly bytes: number;
  readonly rawBytes: number;
  /** The codec's report: error, sections, tools, time. */
  readonly report: EncodeReport;
}

/** A message and what is in it. */
export interface Packed {
  readonly bytes: Uint8Array;
  readonly tensors: readonly SentTensor[];
}

const LENGTH = 4;
const EXACT: EncodeOptions = { budget: { lossless: true } };

/** Encodes the tensors of a cut, straight from the buffers they are in. */
export function pack(codec: FrameCodec, link: readonly LinkTensor[], tensors: Tensors, encoding: LinkEncoding): Packed {
  const frames: Uint8Array[] = [];
  const sent = link.map(({ name }): SentTensor => {
    const tensor = tensors[name];
    if (!tensor) throw new SlicerError('unknown_tensor', `the tensor '${name}' of the cut was not given`);
    const options = typeof encoding === 'function' ? encoding(name, tensor) : encoding;
    const { bytes, report } = encodeOne(codec, name, tensor, options);
    frames.push(bytes);
    const { type, dims } = tensor;
    return { name, type, dims: [...dims], bytes: bytes.length, rawBytes: report.rawBytes, report };
  });
  return { bytes: join(frames), tensors: sent };
}

function encodeOne(codec: FrameCodec, name: string, tensor: ModelTensor, options: EncodeOptions): EncodeResult {
  const exact = options.profile === undefined ? EXACT : { ...EXACT, profile: options.profile };
  try {
    return codec.encode(toFrame(name, tensor), isReal(tensor.type) ? options : exact);
  } catch (cause) {
    if (!(cause instanceof SlicerError)) throw cause;
    const { code, offset, advice, message } = cause;
    throw new SlicerError(code, `the tensor '${name}': ${message}`, { offset, advice, cause });
  }
}

function join(frames: readonly Uint8Array[]): Uint8Array {
  if (frames.length === 1) return frames[0];
  const head = LENGTH * (frames.length - 1);
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, head));
  const view = new DataView(bytes.buffer);
  let at = head;
  frames.forEach((frame, i) => {
    if (i < frames.length - 1) view.setUint32(LENGTH * i, frame.length, true);
    bytes.set(frame, at);
    at += frame.length;
  });
  return bytes;
}

/**
 * Decodes a message of a cut.
 *
 * @throws SlicerError those of `decode`; `truncated` where the lengths do not fit; `invalid_tensor` where a frame is not
 *   of the type and dims that `cut.json` names.
 */
export function unpack(
  codec: FrameCodec,
  link: readonly LinkTensor[],
  bytes: Uint8Array,
  options?: DecodeOptions,
): Record<string, ModelTensor> {
  const frames = part(bytes, link.length);
  return Object.fromEntries(
    link.map(({ name, type, dims }, i) => {
      const tensor = fromFrame(name, type, codec.decode(frames[i], options));
      if (!dimsFit(tensor.dims, dims)) {
        const message = `'${name}' is ${describeType(type, dims)} in cut.json, and ${describeType(type, tensor.dims)} came`;
        const advice = 'Check that both ends use parts of the same split.';
        throw new SlicerError('invalid_tensor', message, { advice });
      }
      return [name, tensor];
    }),
  );
}

function part(bytes: Uint8Array, count: number): Uint8Array[] {
  if (count === 1) return [bytes];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = LENGTH * (count - 1);
  return Array.from({ length: count }, (_, i) => {
    const last = i === count - 1;
    const ended = at > bytes.length;
    const length = last || ended ? bytes.length - at : view.getUint32(LENGTH * i, true);
    if (ended || length > bytes.length - at) {
      throw new SlicerError('truncated', `The message of ${count} frames ends inside its frame ${i}.`, { offset: at });
    }
    at += length;
    return bytes.subarray(at - length, at);
  });
}
