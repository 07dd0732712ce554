// SZ3, error-bounded lossy compression of scientific data.
import { pythonPeer } from './python.mjs';
import { steps } from './steps.mjs';

const SWEEP = [
  { algorithm: 'interpolation-lorenzo' },
  { algorithm: 'lorenzo-regression' },
  { algorithm: 'no-prediction' },
  { algorithm: 'lorenzo-regression', flat: true },
];

export default pythonPeer({
  name: 'SZ3',
  module: 'sz3',
  class: 'self-contained',
  variants: SWEEP.map((fixed) => ({
    label: fixed.algorithm + (fixed.flat ? ', one line' : ''),
    ladder: ({ rms }) => steps(rms / 2).map((bound) => ({ ...fixed, bound })),
  })),
});
