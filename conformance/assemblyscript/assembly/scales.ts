/**
 * § 10 Scales: factors of the step in eighths of an octave.
 */

const EIGHTHS: StaticArray<u32> = [
  0x3f800000, 0x3f8b95c2, 0x3f9837f0, 0x3fa5fed7, 0x3fb504f3, 0x3fc5672a, 0x3fd744fd, 0x3feac0c7,
];

export function scale(code: i32): f32 {
  return reinterpret<f32>(EIGHTHS[code & 7] + ((code >> 3) << 23));
}

/** Whether a step is one: positive and finite. */
export function isStep(step: f32): bool {
  return step > 0 && step < Infinity;
}
