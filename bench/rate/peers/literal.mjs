// The paper's pipeline taken literally, written independently of the core: top-K filter, equal magnitude blocks, the fewest
// bits per block that keep its error, then sparse storage. Kept simple and counted generously: what it takes is a sum of
// code lengths, no stream is written.
//
// Per block: the smallest and largest magnitude as free f16 numbers, b = 0…12 bits a value for 2^b equal cells between them
// (mid-point reconstruction), and a sign bit a value unless all survivors have one sign.

/** Name and settings, for the table. */
export const about =
  'literal pipeline: f16 minimum and maximum per block, fixed bits, either CSR or ideal mask entropy';

const MAX_BITS = 12;
/** Two f16 numbers and four bits of width per block; a word for K and the sign rule. */
const BLOCK_BITS = 36;
const HEADER_BITS = 32;

/** Indices by magnitude, then index, ascending: computed once per tensor. */
export function magnitudeOrder(values) {
  // A magnitude's bits grow with it; with the index below them, one number sorts by both.
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  const keys = Float64Array.from(bits, (b, i) => (b & 0x7fffffff) * 2 ** 21 + i);
  if (values.length > 2 ** 21) throw new RangeError('at most 2^21 values');
  keys.sort();
  return Uint32Array.from(keys, (key) => key % 2 ** 21);
}

/** The K largest magnitudes in ascending order; the lower index survives a tie, and zeros never do. */
function survivors(values, order, keep) {
  const n = order.length;
  const count = Math.floor(keep * n + 0.5);
  let first = n - count;
  if (count === 0) return order.subarray(n);
  const edge = Math.abs(values[order[first]]);
  if (edge === 0) {
    while (first < n && values[order[first]] === 0) first++;
    return order.subarray(first);
  }
  // Equal magnitudes lie in ascending index; those cut off must be the last of them.
  let [low, high] = [first, first];
  while (low > 0 && Math.abs(values[order[low - 1]]) === edge) low--;
  while (high < n && Math.abs(values[order[high]]) === edge) high++;
  const kept = order.slice(first);
  kept.set(order.subarray(low, low + high - first));
  return kept;
}

/** The nearest f16 value. Magnitudes beyond its range do not occur here. */
export function toHalf(value) {
  if (value < 2 ** -14) return Math.round(value * 2 ** 24) / 2 ** 24;
  const unit = 2 ** (Math.floor(Math.log2(value)) - 10);
  return Math.round(value / unit) * unit;
}

/** Fewest bits whose mean squared error is at most `limit`; writes the reconstruction and returns the bits. */
function codeBlock(values, block, limit, out) {
  const low = toHalf(Math.abs(values[block[0]]));
  const high = toHalf(Math.abs(values[block[block.length - 1]]));
  for (let bits = 0; ; bits++) {
    const cells = 2 ** bits;
    const width = (high - low) / cells;
    let error = 0;
    for (const i of block) {
      const magnitude = Math.abs(values[i]);
      const cell = width > 0 ? Math.min(cells - 1, Math.max(0, Math.floor((magnitude - low) / width))) : 0;
      const value = low + (cell + 0.5) * width;
      error += (magnitude - value) ** 2;
      out[i] = values[i] < 0 ? -value : value;
    }
    if (bits === MAX_BITS || error <= limit * block.length) return bits;
  }
}

/** n · H(k / n) in bits. */
function maskBits(n, k) {
  const surprise = (count) => (count > 0 ? count * Math.log2(n / count) : 0);
  return surprise(k) + surprise(n - k);
}

/**
 * Codes one tensor. `order` comes from `magnitudeOrder`; `rows` and `columns` are the matrix that CSR sees: channels and
 * positions of the plane.
 * @returns {{ decoded: Float32Array, csr: number, mask: number }} reconstruction and bytes of both forms
 */
export function literal(values, order, { rows, columns }, { keep, blocks, distortion }) {
  const n = values.length;
  let energy = 0;
  for (const v of values) energy += v * v;
  const limit = (distortion * distortion * energy) / n;
  const kept = survivors(values, order, keep);
  const decoded = new Float32Array(n);
  const [k, columnBits] = [kept.length, Math.ceil(Math.log2(columns))];
  let [payload, groups] = [0, 0];
  for (let j = 0; j < blocks; j++) {
    const block = kept.subarray(Math.floor((j * k) / blocks), Math.floor(((j + 1) * k) / blocks));
    if (block.length === 0) continue;
    payload += block.length * codeBlock(values, block, limit, decoded) + BLOCK_BITS;
    groups++;
  }
  const signed = kept.some((i) => values[i] < 0) && kept.some((i) => values[i] > 0);
  const common = payload + (signed ? k : 0) + HEADER_BITS;
  const pointers = 16 * (rows + 1);
  // Either a CSR matrix per block, or one for all with a block number of fixed length at every survivor.
  const separate = groups * pointers + k * columnBits;
  const joint = pointers + k * (columnBits + Math.ceil(Math.log2(Math.max(1, groups))));
  const bytes = (bits) => Math.ceil(bits / 8);
  return {
    decoded,
    csr: bytes(common + Math.min(separate, joint)),
    mask: bytes(common + maskBits(n, k) + k * Math.log2(Math.max(1, groups))),
  };
}
