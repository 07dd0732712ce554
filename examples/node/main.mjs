// Encodes a made-up feature tensor under several budgets and decodes it again: node examples/node/main.mjs
import { decode, encode, inspect, SlicerError } from 'slicer-codec';

// What a convolution followed by ReLU leaves: many zeros, smooth within a plane.
const dims = [1, 32, 14, 14];
const data = Float32Array.from({ length: 32 * 14 * 14 }, (_, i) => {
  const [x, y, channel] = [i % 14, Math.floor(i / 14) % 14, Math.floor(i / 196)];
  return Math.max(0, Math.sin(x / 3 + channel) * Math.cos(y / 4) * (1 + (channel % 5)) - 0.5);
});
const tensor = { type: 'float32', data, dims };

for (const budget of [{ lossless: true }, { nrmse: 0.01 }, { nrmse: 0.1 }, { bytes: 1000 }]) {
  const { bytes, report } = encode(tensor, { budget });
  const back = decode(bytes);
  const name = JSON.stringify(budget).padEnd(18);
  console.log(
    `${name} ${report.mode.padEnd(8)} ${bytes.length} B of ${report.rawBytes}, NRMSE ${report.nrmse.toFixed(4)}`,
  );
  if (back.size !== data.length) throw new Error('the tensor changed its size');
}

const { bytes } = encode(tensor, { budget: 'balanced' });
console.log('sections:', inspect(bytes).sections);

// Damage is found, and every error says what to do.
bytes[bytes.length - 8] ^= 1;
try {
  decode(bytes);
} catch (error) {
  if (!(error instanceof SlicerError)) throw error;
  console.log(`${error.code}: ${error.message} ${error.advice}`);
}
