// Ladders of settings, from coarse to fine.

/** `2 * reach + 1` numbers around a middle, from large to small. */
export function around(middle, reach, unit = 1) {
  return Array.from({ length: 2 * reach + 1 }, (_, i) => middle + (reach - i) * unit);
}

/** Steps around the tensors' root mean square, a few per octave. */
export function steps(rms, { coarsest = 4, finest = 1 / 64, perOctave = 4 } = {}) {
  const count = Math.round(perOctave * Math.log2(coarsest / finest));
  return Array.from({ length: count + 1 }, (_, i) => Number((rms * coarsest * 2 ** (-i / perOctave)).toPrecision(6)));
}

/** Numbers of bits, few first. */
export const bitsUpTo = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => ({ bits: from + i }));
