/** Element types a frame can carry; named as ONNX Runtime names them. */
export type DType = 'float32' | 'float16' | 'bfloat16' | 'int8' | 'uint8' | 'int16' | 'int32';

/**
 * A tensor in row-major order. `float16` and `bfloat16` travel as their bits in a `Uint16Array`
 * (a `Float16Array` is accepted for `float16`); every other type as the typed array of that name.
 */
export interface Tensor {
  /** Element type of `data`. */
  readonly type: DType;
  /** The elements; as many as the product of `dims`. */
  readonly data: ArrayBufferView;
  /** Sizes of up to eight axes, the last one fastest; none for a single value. */
  readonly dims: readonly number[];
}

/** What a decoder returns: `new ort.Tensor(r.type, r.data, r.dims)` works as it is. */
export interface DecodedTensor {
  /** Element type of `data`. */
  type: DType;
  /** The elements, in the typed array of their type; halves as their bits. */
  data: Float32Array | Uint16Array | Int8Array | Uint8Array | Int16Array | Int32Array;
  /** Sizes of the axes, the last one fastest. */
  dims: number[];
  /** Number of elements. */
  size: number;
}

/**
 * Settings of the method's own pipeline (ATKF, MS, ABQ); see the table of symbols in the README. With only `distortion`
 * given, the other three are chosen by cost and the whole tensor's error is held to it.
 */
export interface MethodBudget {
  /** Fraction of the values that survive, 0…1 (the paper's 1 − s). */
  keep?: number;
  /** Weight of negative values in the ranking (λ), above 0. */
  asymmetry?: number;
  /** Number of magnitude blocks (M), 1…120. */
  blocks?: number;
  /** Error allowed in a block, relative to the tensor's root mean square (δ). */
  distortion: number;
}

/**
 * What the caller asks for: exactly one of these.
 *
 * - `'near-lossless'`, `'balanced'`, `'small'`: an `nrmse` of 0.003, 0.03 and 0.1.
 * - `nrmse`: √(Σe²/Σx²) of the worst scale group, after rounding to the output type. A guarantee.
 * - `maxError`: largest absolute error of any value. A guarantee.
 * - `bitsPerValue`, `bytes`: caps on the whole frame.
 * - `step`: quantiser step; no search and no verification.
 * - `expectedKl`: the step whose divergence of the task's output the profile's curve puts at this many nats. An estimate.
 * - `lossless`: every bit pattern comes back, NaN payloads included.
 */
export type Budget =
  | 'near-lossless'
  | 'balanced'
  | 'small'
  | { nrmse: number }
  | { maxError: number }
  | { bitsPerValue: number }
  | { bytes: number }
  | { step: number }
  | { lossless: true }
  | { expectedKl: number }
  | MethodBudget;

/** Which encoder makes the frame; `auto` takes the cheapest that meets the budget. */
export type Mode = 'auto' | 'uniform' | 'slicer' | 'lossless' | 'raw';
/** How much time the encoder may take. */
export type Effort = 'fast' | 'default' | 'dense';
/** How dims map to rows, channels and planes; `auto` goes by rank alone, never by the data. */
export type Layout = 'auto' | 'nchw' | 'nhwc' | 'rows';
/** What shares one scale. */
export type Granularity = 'tensor' | 'row' | 'channel';

/** Options of an encoder. Only `budget` is required. */
export interface EncodeOptions {
  /** What may be spent or lost. */
  budget: Budget;
  /** The encoder; `auto` unless given. */
  mode?: Mode;
  /** How much time may be spent; `default` unless given. */
  effort?: Effort;
  /** How dims map to rows, channels and planes; `auto` unless given. */
  layout?: Layout;
  /** What shares one scale, and is held to an `nrmse` on its own; `tensor` unless given. */
  granularity?: Granularity;
  /** Whether to measure the errors of the finished frame where the budget does not need it; true unless given. */
  report?: boolean;
  /** Bytes of a profile (`slicer calibrate`): the frame may use its tools, and whoever decodes it needs the profile. */
  profile?: Uint8Array;
}

/** What a stream fixes for all of its bodies. */
export interface StreamOptions {
  /** Element type of the rows. */
  type: DType;
  /** Dims of a body; the first is the largest number of rows a body may have. With 1 every body has exactly one, and says so in no byte. */
  dims: readonly number[];
  /** Quantiser step, the same for every row. */
  step: number;
  /** How dims map to rows, channels and planes; `auto` unless given. */
  layout?: Layout;
  /** Tails of the built-in tables, from 0 (heavy) to 3 (light); 1 unless given. */
  shape?: 0 | 1 | 2 | 3;
  /** Whether every body ends in a checksum of its own; off unless given. */
  checksum?: boolean;
  /** Whether a trellis chooses between two quantisers: fewer bytes, more work for the encoder; off unless given. */
  trellis?: boolean;
  /** Whether channel classes follow the bodies before; for rows without planes. Both ends then depend on every body. */
  adaptive?: boolean;
  /** Bytes of a profile: its means, its classes and, where its recipe says so, its transform. */
  profile?: Uint8Array;
  /** Typical rows: they teach the encoder how busy each channel is, and cost bytes only in the setup. */
  sample?: { data: StreamArray; rows: number };
}

/** The typed arrays a stream takes. */
export type StreamArray = Float32Array | Uint16Array | Int8Array | Uint8Array | Int16Array | Int32Array;

/** Limits of a decoder; both have documented defaults in the core. */
export interface DecodeOptions {
  /** Most bytes of the decoded tensor and the decoder's working memory, about 3 times the tensor of 32-bit values; 1 GiB unless given. */
  maxBytes?: number;
  /** Most work the decoder may spend; one unit is about one decoded value. 2^32 unless given. */
  maxWork?: number;
  /** Bytes of the profiles that the input may refer to. */
  profiles?: readonly Uint8Array[];
}

/** What one call of an encoder did. */
export interface EncodeReport {
  /** Bytes of the frame. */
  bytes: number;
  /** Bytes of the tensor as it came. */
  rawBytes: number;
  /** `rawBytes / bytes`. */
  ratio: number;
  /** Bits of the frame by elements of the tensor. */
  bitsPerValue: number;
  /** The encoder that was used. */
  mode: Exclude<Mode, 'auto'>;
  /** Quantiser step; 0 for lossless and raw frames. */
  step: number;
  /** √(Σe²/Σx²) over the tensor. This and the next three are NaN where they were not measured. */
  nrmse: number;
  /** The same of the scale group that came off worst. */
  worstGroupNrmse: number;
  /** Largest absolute difference of a value. */
  maxError: number;
  /** Σy²/Σx²: 1 when the energy is kept. */
  energyRatio: number;
  /** The coding view the dims were mapped to. */
  layout: { rows: number; channels: number; height: number; width: number };
  /** Bytes by section of the frame; they add up to `bytes`. */
  sections: Record<string, number>;
  /** Names of the tools the frame uses. */
  tools: string[];
  /** Sentences about what the caller may want to know; mostly none. */
  warnings: string[];
  /** Time inside the encoder, copies included. */
  microseconds: number;
}

/** A frame and what was done to make it. */
export interface EncodeResult {
  /** The standalone frame. */
  bytes: Uint8Array;
  /** What was done to make it. */
  report: EncodeReport;
}

/** One field of a frame. */
export interface FrameEntry {
  /** Name, as the specification has it. */
  field: string;
  /** First byte. */
  start: number;
  /** One past the last byte. */
  end: number;
  /** The field's value where one number describes it, else 0. */
  value: number;
}

/** Everything `inspect` can say without touching the payload. */
export interface FrameInfo {
  /** Version of the bitstream; 0 until it is frozen. */
  version: number;
  /** Draft of version 0. */
  draft: number;
  /** Element type of the tensor. */
  type: DType;
  /** Sizes of its axes. */
  dims: number[];
  /** Number of its elements. */
  size: number;
  /** Bytes of the frame. */
  bytes: number;
  /** Every field in order. */
  entries: FrameEntry[];
  /** Bytes by field name; they add up to `bytes`. */
  sections: Record<string, number>;
}
