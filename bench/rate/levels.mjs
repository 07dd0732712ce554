// The levels of a frame, and what they cost without a model of anything but their frequencies.

/** Integer levels of a decoded tensor of unit bins: centroids move a value by less than half a step. */
export function levelsOf(decoded, step) {
  const inverse = 1 / step;
  return Int32Array.from(decoded, (value) => Math.round(value * inverse));
}

/** 0-order empirical entropy in bits: what an ideal coder takes that knows the frequencies of this tensor for nothing. */
export function entropyBits(levels) {
  const counts = new Map();
  for (const level of levels) counts.set(level, (counts.get(level) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits += count * Math.log2(levels.length / count);
  return bits;
}

/** Levels as the narrowest integers that hold them: the bytes a general compressor gets. */
export function narrow(levels) {
  let [low, high] = [0, 0];
  for (const level of levels) {
    if (level < low) low = level;
    else if (level > high) high = level;
  }
  const Narrow = low >= -128 && high <= 127 ? Int8Array : low >= -32768 && high <= 32767 ? Int16Array : Int32Array;
  const array = Narrow.from(levels);
  return { bytes: new Uint8Array(array.buffer), width: Narrow.BYTES_PER_ELEMENT };
}
