// nncodec (b): nncodec on the coefficients that our own codec would quantise, so that what a transform brings is told apart
// from what the coder behind it brings.
import { calibrationVersion, profileAt } from '../profiles.mjs';
import { planesTransform } from '../transforms.mjs';
import { fingerprint } from '../versions.mjs';
import nncodec from './nncodec.mjs';
import { transformed } from './transformed.mjs';

const source = fingerprint(new URL('../transforms.mjs', import.meta.url));
// A diagnosis, not the rival: its sweep is screened on calibration images.
const behind = { ...nncodec, thorough: false };
const planes = (_, dims) => dims.length === 3 && dims[1] > 1;

export default [
  {
    ...behind,
    name: 'nncodec (b), fed DCT and frequency weight',
    suits: planes,
    at: (_, peer) =>
      transformed(
        { ...peer, name: nncodec.name },
        planesTransform({ name: 'DCT and frequency weight', version: source }),
      ),
  },
  {
    ...behind,
    name: 'nncodec (b), fed profile, DCT and frequency weight',
    class: 'calibrated',
    suits: planes,
    at: async ({ calibration }, peer) => {
      const profile = (await profileAt(calibration, { force: true })).parts;
      const version = `${source} ${calibrationVersion()}`;
      const transform = planesTransform({ name: 'profile, DCT and frequency weight', version, profile });
      return transformed({ ...peer, name: nncodec.name }, transform);
    },
  },
];
