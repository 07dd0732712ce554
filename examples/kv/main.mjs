// Keys and values of a block, token by token: a profile for each, made from earlier tokens, then a setup and a body a token.
//   node examples/kv/main.mjs [KEYS.npy VALUES.npy [STEP]]     each [tokens, channels]; made up here unless given
// Keys are taken before their rotation, where each channel has a mean and a size of its own; a rotation mixes them by position.
import { readFileSync } from 'node:fs';
import { StreamDecoder, StreamEncoder } from 'slicer-codec';
import { calibrate, writeProfile } from 'slicer-codec/calibrate';
import { readNpy } from 'slicer-codec/npy';

/** Errors of values reach the answer as they are; those of keys pass a softmax: values get the finer step. */
const STEP_OF_VALUES = 0.4;
/** Share of the tokens that the profile is made from. */
const LEARN = 0.8;

/** Tokens whose channels go together, as those of a head do. */
function madeUp(seed, tokens = 1600, channels = 48, hidden = 12) {
  let state = seed;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const mix = Float32Array.from({ length: channels * hidden }, draw);
  const mean = Float32Array.from({ length: channels }, () => 2 * draw());
  const data = new Float32Array(tokens * channels);
  for (let t = 0; t < tokens; t++) {
    const source = Float32Array.from({ length: hidden }, () => draw() + draw());
    for (let c = 0; c < channels; c++) {
      let x = mean[c] + 0.1 * draw();
      for (let h = 0; h < hidden; h++) x += mix[c * hidden + h] * source[h];
      data[t * channels + c] = x;
    }
  }
  return { type: 'float32', data, dims: [tokens, channels] };
}

/** Means, scales and the principal axes of tokens. The axes serve texts like these: calibrate on what will be sent. */
async function profileOf({ data, dims: [tokens, channels] }) {
  const rows = Math.floor(LEARN * tokens);
  const features = [{ type: 'float32', data: data.subarray(0, rows * channels), dims: [rows, channels] }];
  const { parts } = await calibrate({ features, forceTransform: true });
  return (await writeProfile(parts)).bytes;
}

/** Sends the tokens that the profile has not seen. */
function send({ data, dims: [tokens, channels] }, profile, step) {
  const tools = profile ? { profile, trellis: true, shape: 2 } : {};
  const encoder = new StreamEncoder({ type: 'float32', dims: [1, channels], step, ...tools });
  const decoder = new StreamDecoder(encoder.setup, { profiles: profile ? [profile] : [] });
  let [bytes, error, energy] = [0, 0, 0];
  const first = Math.floor(LEARN * tokens);
  for (let t = first; t < tokens; t++) {
    const row = data.subarray(t * channels, (t + 1) * channels);
    const body = encoder.encode(row);
    const back = decoder.decode(body).data;
    bytes += body.length;
    for (let c = 0; c < channels; c++) {
      error += (row[c] - back[c]) ** 2;
      energy += row[c] ** 2;
    }
  }
  encoder.free();
  decoder.free();
  return { bits: (8 * bytes) / (tokens - first) / channels, nrmse: Math.sqrt(error / energy) };
}

const [keys, values, stepText = '0.5'] = process.argv.slice(2);
const given = keys && values ? [keys, values].map((path) => readNpy(readFileSync(path))) : [madeUp(1), madeUp(2)];
for (const [i, tensor] of given.entries()) {
  const [name, share] = [
    ['keys', 1],
    ['values', STEP_OF_VALUES],
  ][i];
  const rms = Math.sqrt(tensor.data.reduce((sum, x) => sum + x * x, 0) / tensor.data.length);
  const step = Number(stepText) * share * rms;
  const profile = await profileOf(tensor);
  const [plain, calibrated] = [undefined, profile].map((p) => send(tensor, p, step));
  console.log(
    `${name}: ${plain.bits.toFixed(2)} bit a value without a profile (NRMSE ${plain.nrmse.toFixed(3)}),`,
    `${calibrated.bits.toFixed(2)} with one of ${profile.length} B (NRMSE ${calibrated.nrmse.toFixed(3)})`,
  );
}
