// Our own codec, as anyone would call it: one frame a tensor, everything counted. A row for every effort, and what an error
// budget chooses where the caller names no step.
import { fileURLToPath } from 'node:url';
import { decode, encode } from 'slicer-codec';
import { fingerprint, packageVersion } from '../versions.mjs';
import { steps } from './steps.mjs';

const version = fingerprint(fileURLToPath(new URL('../../../sdk/dist/wasm/simd.wasm', import.meta.url)));
const about = `slicer-codec ${packageVersion('slicer-codec')} (WASM ${version})`;

/** A row of ours with fixed options; `profile` in them makes it a calibrated one. */
export function ours(name, options, settings) {
  return {
    name,
    ours: true,
    class: options.profile ? 'calibrated' : 'self-contained',
    about: [about, options.about].filter(Boolean).join(', '),
    version,
    variants: settings,
    encode: (tensor, setting) => encode(tensor, { report: false, ...options.encode, ...setting }).bytes,
    decode: (bytes) => decode(bytes, options.decode).data,
  };
}

const byStep = (label, more = {}) => ({
  label,
  ladder: ({ rms }) => steps(rms).map((step) => ({ ...more, budget: { step } })),
});
const NRMSE = [
  1, 0.9, 0.8, 0.72, 0.64, 0.57, 0.5, 0.45, 0.4, 0.35, 0.31, 0.27, 0.24, 0.21, 0.18, 0.15, 0.12, 0.1, 0.08, 0.06,
];

export default [
  ours('slicer, fast', { about: 'effort fast', encode: { effort: 'fast' } }, [byStep('step')]),
  ours('slicer', { about: 'effort default' }, [
    byStep('step'),
    { label: 'nrmse', ladder: () => NRMSE.map((nrmse) => ({ budget: { nrmse } })) },
  ]),
  // An error budget shuns the noise that a task minds least: with transforms a step is the better knob.
  ours('slicer, dense', { about: 'effort dense', encode: { effort: 'dense' } }, [byStep('step')]),
];
