// zfp, fixed-accuracy and fixed-precision modes.
import { pythonPeer } from './python.mjs';
import { steps } from './steps.mjs';

const precisions = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16];

export default pythonPeer({
  name: 'zfp',
  module: 'zfp',
  class: 'self-contained',
  variants: [false, true].flatMap((plane) => [
    {
      label: `tolerance${plane ? ', planes' : ''}`,
      // Its tolerance is kept by a wide margin, and only its exponent counts.
      ladder: ({ rms }) =>
        steps(rms, { coarsest: 64, finest: 1 / 16, perOctave: 1 }).map((tolerance) => ({ tolerance, plane })),
    },
    {
      label: `precision${plane ? ', planes' : ''}`,
      ladder: () => precisions.map((precision) => ({ precision, plane })),
    },
  ]),
});
