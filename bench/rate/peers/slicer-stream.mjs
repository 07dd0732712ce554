// Our own codec token by token: a setup that is sent once and stands in the report, then a bare body a token.
import { fileURLToPath } from 'node:url';
import { StreamDecoder, StreamEncoder } from 'slicer-codec';
import { tokenProfile } from '../profiles.mjs';
import { fingerprint, packageVersion } from '../versions.mjs';
import { steps } from './steps.mjs';

const version = fingerprint(fileURLToPath(new URL('../../../sdk/dist/wasm/simd.wasm', import.meta.url)));

/**
 * A row of ours for streams: `shape` of the built-in tables, other options of the stream, and whether the setup names a profile
 * made of the calibration tokens: of means and scales, or with a `transform` too.
 */
export function oursByToken(name, { shape, profiled = false, transform = false, ...fixed }) {
  return {
    name: `${name}, single tokens`,
    ours: true,
    single: true,
    class: profiled ? 'calibrated' : 'self-contained',
    ...(profiled && !transform ? { tier: 'mean-and-scale' } : {}),
    about: `slicer-codec ${packageVersion('slicer-codec')} (WASM ${version}), a body a token, its length not counted`,
    version,
    variants: [{ label: `shape ${shape}`, ladder: ({ rms }) => steps(rms).map((step) => ({ step, shape })) }],
    // What a tensor is, key or value, makes no difference to us: its profile knows.
    async run({ data, dims: [count, tokens, width] }, { kind: _, ...setting }, { calibration }) {
      const profile = profiled ? await tokenProfile(calibration, { transform }) : undefined;
      const encoder = new StreamEncoder({ type: 'float32', dims: [1, width], ...fixed, ...setting, profile });
      const decoder = new StreamDecoder(encoder.setup, { profiles: profile ? [profile] : [] });
      const decoded = new Float32Array(data.length);
      const bytes = new Array(count).fill(0);
      const spent = [0, 0];
      for (let i = 0; i < count * tokens; i++) {
        // Passages have nothing to do with each other.
        if (fixed.adaptive && i % tokens === 0) encoder.reset();
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
      return { data: decoded, bytes, encodeMs, decodeMs, setupBytes, profileBytes: profile?.length ?? 0 };
    },
  };
}

export default [
  oursByToken('slicer', { shape: 0 }),
  oursByToken('slicer, adaptive', { shape: 2, adaptive: true }),
  oursByToken('slicer, mean and scale', { shape: 2, profiled: true }),
  oursByToken('slicer, mean and scale, trellis', { shape: 2, profiled: true, trellis: true }),
  oursByToken('slicer, transform', { shape: 2, profiled: true, transform: true }),
  oursByToken('slicer, transform, trellis', { shape: 2, profiled: true, transform: true, trellis: true }),
];
