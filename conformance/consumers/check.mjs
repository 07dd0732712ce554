// What every consumer does with the package, in whatever way it got hold of it. Returns the same line everywhere.

const data = Float32Array.from({ length: 3 * 8 * 8 }, (_, i) => ((i * 7919) % 101) / 16 - 3);
const tensor = { type: 'float32', data, dims: [1, 3, 8, 8] };
const options = { budget: { nrmse: 0.05 } };

/** Encodes, decodes, meets an error; sums up the bytes. */
export function check({ encode, decode, SlicerError }) {
  const { bytes } = encode(tensor, options);
  const line = summary(bytes, decode(bytes));
  let error;
  try {
    decode(new Uint8Array(2));
  } catch (caught) {
    error = caught;
  }
  if (!(error instanceof SlicerError)) throw new Error(`no SlicerError: ${error}`);
  return line;
}

/** The same through the workers of a pool. */
export async function checkPool(pool) {
  const { bytes } = await pool.encodeAsync(tensor, options);
  return summary(bytes, await pool.decodeAsync(bytes));
}

function summary(bytes, back) {
  if (!(back.data instanceof Float32Array) || back.dims.join() !== '1,3,8,8') {
    throw new Error('another tensor came back');
  }
  return `${bytes.length} bytes ${sum(bytes)} ${sum(new Uint8Array(back.data.buffer))}`;
}

/** FNV-1a. */
function sum(bytes) {
  return bytes.reduce((h, byte) => Math.imul(h ^ byte, 16777619) >>> 0, 2166136261).toString(16);
}
