// A uniform quantiser and rANS: the baseline that every paper on feature compression has in some form.
import { pythonPeer } from './python.mjs';
import { steps } from './steps.mjs';

const SWEEP = ['table', 'laplace'].flatMap((model) => [0.5, 0.4, 0.33].map((round) => ({ model, round })));

export default pythonPeer({
  name: 'uniform + rANS',
  module: 'rans',
  class: 'self-contained',
  variants: SWEEP.map((fixed) => ({
    label: `${fixed.model}, rounds up from ${(1 - fixed.round).toFixed(2)}`,
    ladder: ({ rms }) => steps(rms).map((step) => ({ ...fixed, step })),
  })),
});
