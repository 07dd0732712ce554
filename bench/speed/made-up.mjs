// Made-up tensors, the same in every runtime: a dense one and one behind a ReLU, with channels of unlike scale and smooth planes.

/** By name: a function of the least number of values, for `{ data, dims }`. */
export const MADE_UP = {
  dense: (size) => synthetic(size, 112, 14, (v) => v),
  relu: (size) => synthetic(size, 672, 7, (v) => Math.min(6, Math.max(0, v - 0.8))),
};

/** A dense tensor of exactly 2^k values, k >= 8: planes of 16 x 16, up to 128 channels, then more rows. */
export function powerOfTwo(exponent) {
  const planes = 2 ** (exponent - 8);
  return synthetic(2 ** exponent, Math.min(planes, 128), 16, (v) => v);
}

function synthetic(size, channels, side, shape) {
  const random = generator(7);
  const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const scales = Array.from({ length: channels }, () => Math.exp(0.6 * normal()));
  const count = Math.ceil(size / (channels * side * side));
  const data = new Float32Array(count * channels * side * side);
  for (let i = 0; i < data.length; i++) {
    const place = i % (side * side);
    const left = place % side > 0 ? data[i - 1] : 0;
    data[i] = shape(scales[Math.floor(i / (side * side)) % channels] * normal() + 0.3 * left);
  }
  return { data, dims: [count, channels, side, side] };
}

/** Uniform numbers in [0, 1) from a seed: a 32-bit linear congruence, its high bits. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}
