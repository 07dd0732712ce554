/** Settings of the codec as people write them in a list, and what carries tensors across a cut under each. */
import { SlicerError } from '../codec/errors.js';
import type { Budget, EncodeOptions, StreamOptions, Tensor } from '../codec/types.js';
import { decode, encode, StreamDecoder, StreamEncoder } from '../entry/index.js';

/** What crossed under one setting. */
export interface Crossing {
  /** The values that arrive. */
  readonly data: ArrayBufferView;
  /** Bytes on the wire: frames with their headers; of a stream its setup and all bodies. */
  readonly bytes: number;
  readonly encodeMs: number;
  readonly decodeMs: number;
}

/** One way across the cut. */
export interface Setting {
  readonly label: string;
  /** Everything the result depends on, for the journal. */
  readonly key: string;
  /** Takes one tensor across: encodes it, decodes what came out. */
  code(tensor: Tensor): Crossing;
}

const NUMBERS = ['nrmse', 'maxError', 'bitsPerValue', 'bytes', 'step', 'expectedKl'] as const;
const METHOD = ['keep', 'asymmetry', 'blocks', 'distortion'] as const;
const PRESETS = ['near-lossless', 'balanced', 'small'];
const WORDS = ['mode', 'effort', 'layout', 'granularity'] as const;
const STREAM_FLAGS = ['adaptive', 'trellis', 'checksum'] as const;
const GRAMMAR =
  "Write a preset, 'lossless', or NAME=VALUE of nrmse, maxError, bitsPerValue, bytes, step, expectedKl, keep, asymmetry, blocks, distortion; then, after commas, effort=, mode=, layout=, granularity=, profile=FILE. 'stream,step=2,adaptive,trellis,shape=2' sends the rows one by one.";

/** Options of a setting as text gives them, before profiles are read. */
export interface ParsedSetting {
  readonly text: string;
  readonly stream: boolean;
  readonly options: Record<string, unknown>;
  readonly profile?: string;
}

/**
 * Parses `balanced`, `nrmse=0.1,effort=dense`, `step=1.5,profile=cut.slcp`, `stream,step=2,adaptive`.
 *
 * @throws SlicerError `invalid_option` that names the part it does not know.
 */
export function parseSetting(text: string): ParsedSetting {
  const fail = (why: string) => {
    throw new SlicerError('invalid_option', `setting '${text}': ${why}`, { advice: GRAMMAR });
  };
  const stream = /^\s*stream\s*(,|$)/.test(text);
  const options: Record<string, unknown> = {};
  const budget: Record<string, unknown> = {};
  let preset: string | undefined;
  let profile: string | undefined;
  const parts = text.split(',').map((part) => part.trim());
  for (const part of stream ? parts.slice(1) : parts) {
    const [name, value] = part.includes('=')
      ? [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]
      : [part];
    const number = Number(value);
    const isNumber = value !== undefined && value.trim() !== '' && Number.isFinite(number);
    if (name === 'profile' && value) profile = value;
    else if (stream && name === 'step' && isNumber) options.step = number;
    else if (stream && name === 'shape' && isNumber) options.shape = number;
    else if (stream && value === undefined && STREAM_FLAGS.includes(name as never)) options[name] = true;
    else if (stream) fail(`'${part}' is nothing a stream takes`);
    else if (value === undefined && PRESETS.includes(name)) preset = name;
    else if (value === undefined && name === 'lossless') budget.lossless = true;
    else if ([...NUMBERS, ...METHOD].includes(name as never)) {
      if (!isNumber) fail(`'${part}' wants a number`);
      if (number < 0) fail(`${name} is negative`);
      budget[name] = number;
    } else if (WORDS.includes(name as never) && value) options[name] = value;
    else fail(`'${part}' is unknown`);
  }
  if (stream) {
    if (options.step === undefined) fail('a stream needs step=');
    return { text, stream, options, profile };
  }
  const names = Object.keys(budget);
  const single = names.filter((name) => !METHOD.includes(name as never)).length + (preset ? 1 : 0);
  if (single > 1 || (single === 1 && names.some((name) => METHOD.includes(name as never)))) {
    fail('more than one budget');
  }
  if (single === 0 && names.length === 0) fail('no budget');
  return { text, stream, options: { ...options, budget: preset ?? budget }, profile };
}

/** The way across that a parsed setting describes; `profile` are the bytes of the file it names. */
export function makeSetting(parsed: ParsedSetting, profile?: Uint8Array): Setting {
  const key = `${parsed.text}${profile ? ` ${digest(profile)}` : ''}`;
  const { options } = parsed;
  if (parsed.stream) return new RowStream(parsed.text, key, { ...options, profile } as Partial<StreamOptions>);
  return frames(parsed.text, key, { ...options, profile } as EncodeOptions & { budget: Budget });
}

/** A standalone frame a tensor. */
export function frames(label: string, key: string, options: EncodeOptions): Setting {
  const profiles = options.profile ? [options.profile] : undefined;
  return {
    label,
    key,
    code(tensor) {
      const start = performance.now();
      const { bytes } = encode(tensor, { report: false, ...options });
      const middle = performance.now();
      const { data } = decode(bytes, { profiles });
      return { data, bytes: bytes.length, encodeMs: middle - start, decodeMs: performance.now() - middle };
    },
  };
}

/** The tensor as it is. */
export const asItIs: Setting = {
  label: 'uncoded',
  key: 'uncoded',
  code: ({ data }) => ({ data, bytes: data.byteLength, encodeMs: 0, decodeMs: 0 }),
};

/** A setup, and a bare body for every row (slice along the last axis); every tensor begins a stream of its own. */
class RowStream implements Setting {
  private ends?: { encoder: StreamEncoder; decoder: StreamDecoder; width: number; type: string };

  constructor(
    readonly label: string,
    readonly key: string,
    private readonly options: Partial<StreamOptions>,
  ) {}

  code({ type, data, dims }: Tensor): Crossing {
    const width = dims.at(-1) ?? 1;
    if (this.ends?.width !== width || this.ends.type !== type) this.open(type, width);
    const { encoder, decoder } = this.ends!;
    encoder.reset();
    const values = data as Float32Array;
    const arrived = new (values.constructor as Float32ArrayConstructor)(values.length);
    let [bytes, encodeMs, decodeMs] = [encoder.setup.length, 0, 0];
    for (let at = 0; at < values.length; at += width) {
      const start = performance.now();
      const body = encoder.encode(values.subarray(at, at + width));
      const middle = performance.now();
      arrived.set(decoder.decode(body).data as Float32Array, at);
      encodeMs += middle - start;
      decodeMs += performance.now() - middle;
      bytes += body.length;
    }
    return { data: arrived, bytes, encodeMs, decodeMs };
  }

  private open(type: Tensor['type'], width: number): void {
    this.ends?.encoder.free();
    this.ends?.decoder.free();
    const { profile } = this.options;
    const encoder = new StreamEncoder({ ...(this.options as StreamOptions), type, dims: [1, width] });
    this.ends = { encoder, decoder: new StreamDecoder(encoder.setup, { profiles: profile && [profile] }), width, type };
  }
}

/** A short mark of bytes, to tell one profile from another. */
function digest(bytes: Uint8Array): string {
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193) >>> 0;
  return `${bytes.length}-${sum.toString(16)}`;
}
