// Fraunhofer nncodec (ISO/IEC 15938-17), the standard's own tensor coder: quantisation with or without trellis, DeepCABAC.
import { pythonPeer } from './python.mjs';
import { around } from './steps.mjs';

/** The stated sweep: the best of these at the wanted quality is "nncodec (a)". */
const SWEEP = [
  { label: 'trellis', dq: true, lambda: 0 },
  { label: 'trellis, lambda 0.25', dq: true, lambda: 0.25 },
  { label: 'trellis, lambda 0.5', dq: true, lambda: 0.5 },
  { label: 'trellis, lambda 1', dq: true, lambda: 1 },
  { label: 'no trellis', dq: false, lambda: 0 },
  { label: 'no trellis, lambda 1', dq: false, lambda: 1 },
  { label: 'trellis, positions x channels', dq: true, lambda: 0, transpose: true },
  { label: 'trellis, lambda 0.5, positions x channels', dq: true, lambda: 0.5, transpose: true },
];

/** Its step is about 2^(qp/4) of the union quantiser; whole numbers of qp only. */
function ladder({ rms }) {
  const middle = Math.round(4 * Math.log2(rms));
  return around(middle - 2, 14, 1);
}

export default pythonPeer({
  name: 'nncodec',
  module: 'nncodec',
  class: 'self-contained',
  // The one everything is compared with: nothing of its sweep is given up beforehand.
  thorough: true,
  variants: SWEEP.map(({ label, ...fixed }) => ({
    label,
    // A single row has no other side.
    wholeOnly: fixed.transpose,
    // Within the noise of another variant, or worse by more, wherever it was measured: left out where a measurement is dear.
    minor: !fixed.dq || fixed.lambda === 0.25 || (fixed.lambda === 1 && !fixed.transpose),
    ladder: (statistics) => ladder(statistics).map((qp) => ({ ...fixed, qp })),
  })),
});
