// Names and numbers that the programs share.

/** Step over root mean square; the native program has the same number. */
export const RELATIVE_STEP = 0.35;

/** The codec that is judged against, and ours with the efforts that are timed; the native program has the same names. */
export const PEER = 'quantise + zstd-1';
export const FAST = 'slicer fast: classes';
export const DEFAULT = 'slicer default: classes, contexts';
export const EFFORTS = [
  [FAST, 'fast'],
  [DEFAULT, 'default'],
];

/** The step for a tensor: of f32, as the native program has it. */
export function stepOf(data) {
  const rms = Math.sqrt(data.reduce((sum, v) => sum + v * v, 0) / data.length);
  return Math.fround(RELATIVE_STEP * rms);
}
