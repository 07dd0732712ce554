// The 8-bit wire formats of hivemind (Petals): after their documented behaviour, written anew.
//
//   uniform    256 equal cells over six standard deviations around the mean, a table of the cells' means
//   quantile   256 cells of equal counts, a table of their means
//   blockwise  blocks of 4096, the largest magnitude as f32, a fixed dynamic (roughly logarithmic) code of 8 bits
const CELLS = 256;
const BLOCK = 4096;

/** Writes a table of 256 f32 values and a byte a value. */
function withTable(data, codes) {
  const [sums, counts] = [new Float64Array(CELLS), new Uint32Array(CELLS)];
  for (let i = 0; i < data.length; i++) {
    sums[codes[i]] += data[i];
    counts[codes[i]]++;
  }
  const out = new Uint8Array(4 * CELLS + data.length);
  const view = new DataView(out.buffer);
  for (let c = 0; c < CELLS; c++) view.setFloat32(4 * c, counts[c] ? sums[c] / counts[c] : 0, true);
  out.set(codes, 4 * CELLS);
  return out;
}

function uniform(data) {
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  const variance = data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, data.length - 1);
  const inverse = CELLS / (6 * Math.sqrt(variance) || 1);
  return withTable(
    data,
    Uint8Array.from(data, (x) => Math.max(0, Math.min(CELLS - 1, Math.round((x - mean) * inverse) + CELLS / 2))),
  );
}

function quantile(data) {
  const order = Float32Array.from(data).sort();
  const borders = Float32Array.from(
    { length: CELLS - 1 },
    (_, i) => order[Math.floor(((i + 1) * order.length) / CELLS)],
  );
  const cell = (x) => {
    let [low, high] = [0, CELLS - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (x < borders[middle]) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return withTable(data, Uint8Array.from(data, cell));
}

/** Dynamic code: an indicator of the power of ten, then a linear fraction, with a sign. */
const dynamic = (() => {
  const values = [0];
  for (let power = 0; power < 7; power++) {
    const count = 2 ** (6 - power);
    for (let i = 0; i < count; i++) {
      const value = 10 ** -power * (0.1 + (0.9 * (i + 0.5)) / count);
      values.push(value, -value);
    }
  }
  values.push(1);
  return Float32Array.from(values).sort();
})();

function nearest(x) {
  let [low, high] = [0, dynamic.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (dynamic[middle] <= x) low = middle;
    else high = middle;
  }
  return x - dynamic[low] <= dynamic[high] - x ? low : high;
}

function blockwise(data) {
  const blocks = Math.ceil(data.length / BLOCK);
  const out = new Uint8Array(4 * blocks + data.length);
  const view = new DataView(out.buffer);
  for (let b = 0; b < blocks; b++) {
    const block = data.subarray(b * BLOCK, (b + 1) * BLOCK);
    const top = block.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
    view.setFloat32(4 * b, top, true);
    for (let i = 0; i < block.length; i++) out[4 * blocks + b * BLOCK + i] = nearest(block[i] / (top || 1));
  }
  return out;
}

const ENCODERS = { uniform, quantile, blockwise };

function decode(stream, { dims }, { kind }) {
  const count = dims.reduce((a, b) => a * b, 1);
  const view = new DataView(stream.buffer, stream.byteOffset);
  const codes = stream.subarray(stream.length - count);
  if (kind === 'blockwise') {
    return Float32Array.from(codes, (c, i) => dynamic[c] * view.getFloat32(4 * Math.floor(i / BLOCK), true));
  }
  return Float32Array.from(codes, (c) => view.getFloat32(4 * c, true));
}

export default {
  name: 'hivemind 8-bit',
  class: 'self-contained',
  about: 'uniform, quantile and blockwise 8-bit; own implementation',
  variants: Object.keys(ENCODERS).map((kind) => ({ label: kind, all: true, ladder: () => [{ kind }] })),
  encode: ({ data }, { kind }) => ENCODERS[kind](data),
  decode,
};
