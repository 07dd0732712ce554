// Our own codec token by token: a setup that is sent once and stands in the report, then a bare body a token.
import { fileURLToPath } from 'node:url';
import { StreamDecoder, StreamEncoder } from 'slicer-codec';
import { fingerprint, packageVersion } from '../versions.mjs';
import { steps } from './steps.mjs';

const version = fingerprint(fileURLToPath(new URL('../../../sdk/dist/wasm/simd.wasm', import.meta.url)));

/** A row of ours for streams; `optionsOf(calibration stack)` gives what the setup holds beside the step. */
export function oursByToken(name, rowClass, optionsOf = () => ({})) {
  return {
    name: `${name}, single tokens`,
    ours: true,
    single: true,
    class: rowClass,
    about: `slicer-codec ${packageVersion('slicer-codec')} (WASM ${version}), a body a token, its length not counted`,
    version,
    variants: [0, 1, 2, 3].map((shape) => ({
      label: `shape ${shape}`,
      ladder: ({ rms }) => steps(rms).map((step) => ({ step, shape })),
    })),
    run({ data, dims: [count, tokens, width] }, setting, { calibration }) {
      const options = { type: 'float32', dims: [1, width], ...setting, ...optionsOf(calibration.stack) };
      const encoder = new StreamEncoder(options);
      const decoder = new StreamDecoder(encoder.setup);
      const decoded = new Float32Array(data.length);
      const bytes = new Array(count).fill(0);
      const spent = [0, 0];
      for (let i = 0; i < count * tokens; i++) {
        const t0 = performance.now();
        const body = encoder.encode(data.subarray(i * width, (i + 1) * width));
        const t1 = performance.now();
        decoded.set(decoder.decode(body).data, i * width);
        spent[0] += t1 - t0;
        spent[1] += performance.now() - t1;
        bytes[Math.floor(i / tokens)] += body.length;
      }
      const setupBytes = encoder.setup.length;
      encoder.free();
      decoder.free();
      const [encodeMs, decodeMs] = spent.map((ms) => ms / count / tokens);
      return { data: decoded, bytes, encodeMs, decodeMs, setupBytes };
    },
  };
}

/** Calibration rows that the encoder learns channel activity from. */
const ROWS = 1024;

export default [
  oursByToken('slicer', 'self-contained'),
  oursByToken('slicer, busy channels known', 'calibrated', ({ data, dims }) => {
    const rows = Math.min(ROWS, data.length / dims.at(-1));
    return { sample: { data: data.subarray(0, rows * dims.at(-1)), rows } };
  }),
];
