// pcodec, a lossless compressor of numbers, on the levels of a uniform quantiser.
import { pythonPeer } from './python.mjs';
import { steps } from './steps.mjs';

export default pythonPeer({
  name: 'quantise + pcodec',
  module: 'pcodec',
  class: 'self-contained',
  variants: [0.5, 0.4].map((round) => ({
    label: `rounds up from ${1 - round}`,
    ladder: ({ rms }) => steps(rms).map((step) => ({ step, round })),
  })),
});
