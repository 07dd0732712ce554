/** Errors: a stable code, the byte offset in the input, and a sentence of advice. */

/** Codes of the core, by their number in its `ErrorCode`. */
const CORE_CODES: Readonly<Record<number, string>> = {
  1: 'truncated',
  2: 'corrupt',
  3: 'bad_magic',
  4: 'unsupported_version',
  5: 'unsupported_feature',
  6: 'unknown_profile',
  7: 'checksum_mismatch',
  8: 'limit_exceeded',
  9: 'bad_dims',
  10: 'bad_bins',
  11: 'bad_table',
  12: 'trailing_bytes',
  13: 'profile_mismatch',
  32: 'invalid_budget',
  33: 'budget_unreachable',
  34: 'invalid_tensor',
  35: 'non_finite',
  36: 'invalid_option',
};

/** What to do about each code. A file may add its own where it knows more. */
const ADVICE: Readonly<Record<string, string>> = {
  truncated: 'The input ends early: check that all of it was read or received.',
  corrupt: 'The bytes contradict the format: check how they were stored or sent, and ask for them again.',
  bad_magic: 'This is not a standalone frame: a bare body needs StreamDecoder, a .slcr file the container reader.',
  unsupported_version: 'Made by another version of the format: use the matching release of slicer-codec.',
  unsupported_feature: 'The frame needs a tool this decoder does not have: update slicer-codec, or encode without it.',
  unknown_profile: 'Load the profile with this id before decoding.',
  profile_mismatch:
    'The profile was made for tensors with another number of channels, or lacks a part that is asked for: use the profile of this very cut.',
  checksum_mismatch: 'The bytes were changed on their way: ask for them again.',
  limit_exceeded: 'Raise maxBytes or maxWork if you trust the source; otherwise treat the input as hostile.',
  bad_dims: 'Rank must be at most 8, and the product of the dims must be the number of elements.',
  bad_bins:
    'The frame defines bins that are empty, overlap or leave the 32-bit range: it was not made by a valid encoder.',
  bad_table: 'The frame holds a frequency table that does not add up: it was not made by a valid encoder.',
  trailing_bytes: 'Pass exactly one frame: its end comes before the end of the input.',
  invalid_budget:
    "Give exactly one budget: 'near-lossless', 'balanced', 'small', { nrmse }, { maxError }, { bitsPerValue }, { bytes }, { step }, { lossless: true } or { keep, asymmetry, blocks, distortion }.",
  budget_unreachable: 'Allow at least the number of bytes named in the message.',
  invalid_tensor:
    'Pass { type, data, dims } with the typed array that belongs to the type and as many elements as the dims say.',
  non_finite: 'Replace NaN and infinity, or encode with { lossless: true }, which keeps them bit for bit.',
  state_lost: 'Restore a snapshot, or ask the sender for a body that begins anew (reset).',
  invalid_option: 'See EncodeOptions for the names and values that exist.',
  bad_npy: 'The file is not a NumPy array in format 1.0 to 3.0.',
  unsupported_dtype: 'Convert the array to float32, float16, int8, uint8, int16 or int32 first.',
  fortran_order: 'Save the array with numpy.ascontiguousarray.',
  bad_container: 'The file is not a .slcr container, or its records are damaged.',
  bad_onnx: 'The file is not an ONNX model this tool can read.',
  unknown_tensor: 'Check the name against the list of tensors in the model.',
  bad_manifest: 'See the section on slicer eval in the README of the package.',
  not_a_cut: 'Choose a tensor through which every path from input to output runs.',
  bad_cut: 'Give the cut.json that `slicer split` wrote.',
  model_failed: 'Check types and dims of the inputs.',
  no_workers: "Call encode and decode of 'slicer-codec' instead.",
  pool_closed: 'Make another pool, or close this one when its last job is done.',
  worker_failed:
    "Check that the worker's script imports 'slicer-codec/worker', that the page's policy lets it load, and that there is memory; the next job gets a new worker.",
  io_error: 'Check that the file exists and that you may read or write it.',
  internal: 'This is a defect in slicer-codec: please report it with the input. The codec has been restarted.',
};

/** Names of the parts of a stream, by their number in the core's `Field`. */
const FIELDS: readonly string[] = [
  '',
  'magic',
  'version',
  'features',
  'type',
  'dims',
  'coding',
  'layout',
  'profileId',
  'step',
  'scales',
  'bins',
  'tables',
  'classes',
  'contexts',
  'segments',
  'metadata',
  'bodyHeader',
  'rowCount',
  'stepIndex',
  'rowScales',
  'rowClasses',
  'segmentTable',
  'payload',
  'checksum',
  'data',
  'options',
  'transform',
  'dct',
  'profile',
];

/** Any failure of this package. Test `code`, show `message` and `advice`. */
export class SlicerError extends Error {
  override readonly name = 'SlicerError';
  /** Stable name of the kind of failure, such as `truncated`. */
  readonly code: string;
  /** Byte offset in the input where it was seen; 0 for arguments. */
  readonly offset: number;
  /** What to do about it. */
  readonly advice: string;

  constructor(code: string, message: string, options: { offset?: number; advice?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.offset = options.offset ?? 0;
    this.advice = options.advice ?? ADVICE[code] ?? '';
  }
}

/** Name of a field number of the core. */
export function fieldName(field: number): string {
  return FIELDS[field] || `field${field}`;
}

/** Turns the four numbers of a core error into a `SlicerError`. */
export function coreError(code: number, field: number, offset: number, detail: number): SlicerError {
  const name = CORE_CODES[code] ?? 'internal';
  return new SlicerError(name, describe(name, fieldName(field), offset, detail), { offset });
}

function describe(code: string, field: string, offset: number, detail: number): string {
  const at = `${field} at byte ${offset}`;
  switch (code) {
    case 'truncated':
      return `The input ends in ${at}; at least ${Math.max(detail, 1)} more byte(s) are needed.`;
    case 'bad_magic':
      return 'The input does not start with the magic number of a standalone frame.';
    case 'unsupported_version':
      return `The version in ${at} is ${detail}, which this decoder does not implement.`;
    case 'unsupported_feature':
      return `The ${at} asks for a feature this decoder does not have (${detail}).`;
    case 'checksum_mismatch':
      return `The checksum at byte ${offset} does not match the bytes before it.`;
    case 'limit_exceeded':
      return `A limit is exceeded in ${at} (${detail}).`;
    case 'trailing_bytes':
      return `The frame ends at byte ${offset}, but the input goes on.`;
    case 'budget_unreachable':
      return `No frame meets the budget; the smallest possible has ${detail} bytes.`;
    case 'non_finite':
      return `Element ${detail} is NaN or infinite, which a lossy mode cannot encode.`;
    case 'invalid_budget':
    case 'invalid_tensor':
    case 'invalid_option':
      return `${code.replace('_', ' ')}: ${field}${detail ? ` (${detail})` : ''}`.replace(/^i/, 'I');
    default:
      return `${code.replace('_', ' ')} in ${at} (${detail}).`.replace(/^./, (c) => c.toUpperCase());
  }
}
