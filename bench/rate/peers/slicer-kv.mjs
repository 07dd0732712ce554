// Our own codec on keys and values, a token at a time, each a stream of its own. They take the same tools, for the profile knows
// its channels.
import { oursByToken } from './slicer-stream.mjs';

export const CALIBRATED = { shape: 2, profiled: true, transform: true, trellis: true };

export default [
  oursByToken('slicer, adaptive', { shape: 2, adaptive: true }),
  oursByToken('slicer, transform, trellis', CALIBRATED),
];
