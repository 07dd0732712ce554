/** The slots shared with crates/slicer-wasm/src/slots.rs: what each of the doubles of a handle means. Keep both in step. */

/** Element types by code. */
export const DTYPES = ['float32', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', 'int32'] as const;
export const MODES = ['auto', 'uniform', 'slicer', 'lossless', 'raw'] as const;
export const EFFORTS = ['fast', 'default', 'dense'] as const;
export const LAYOUTS = ['auto', 'nchw', 'nhwc', 'rows'] as const;
export const GRANULARITIES = ['tensor', 'row', 'channel'] as const;
/** Kinds of budget by code; presets become `nrmse`. */
export const BUDGETS = [
  'nrmse',
  'maxError',
  'bitsPerValue',
  'bytes',
  'step',
  'lossless',
  'method',
  'expectedKl',
] as const;

/** Number of slots of a handle. */
export const SLOTS = 64;
/** First slot of each group; rank is followed by eight dims, budget by its four numbers. */
export const SLOT = {
  dtype: 0,
  rank: 1,
  dims: 2,
  budget: 10,
  budgetValues: 11,
  mode: 15,
  effort: 16,
  layout: 17,
  granularity: 18,
  wantReport: 19,
  maxBytes: 20,
  maxWork: 21,
  /** Number of the profile in use, from 1; 0 = none. */
  profile: 22,
  /** Tools of a stream, as bits: 1 trellis, 2 adaptive classes. */
  streamTools: 23,
  errorCode: 24,
  errorField: 25,
  errorOffset: 26,
  errorDetail: 27,
  /** What the encoder did. */
  usedMode: 28,
  step: 29,
  nrmse: 30,
  worstGroupNrmse: 31,
  maxError: 32,
  energyRatio: 33,
  rows: 34,
  channels: 35,
  height: 36,
  width: 37,
  warnings: 38,
  /** Bytes of each of `SECTIONS`. */
  sections: 39,
  /** Required-feature bits of the frame. */
  features: 46,
} as const;

/** Names of the required-feature bits. */
export const FEATURES: Readonly<Record<number, string>> = {
  1: 'scales',
  2: 'classes',
  3: 'contexts',
  4: 'segments',
  7: 'profile',
  9: 'channelTransform',
  10: 'dct',
  11: 'trellis',
  12: 'denseCoder',
  14: 'adaptiveClasses',
};

/** Names of the parts a report divides a frame into. */
export const SECTIONS = ['header', 'bins', 'tables', 'maps', 'body', 'payload', 'checksum'] as const;

export const MAX_RANK = 8;
