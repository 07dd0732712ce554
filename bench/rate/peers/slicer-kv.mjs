// Our own codec on keys and values, a token at a time: keys by channel and values by token take the same tools, for the profile
// of each tensor knows its channels.
import { oursByToken } from './slicer-stream.mjs';

export default [
  oursByToken('slicer, adaptive', { shape: 2, adaptive: true }),
  oursByToken('slicer, transform, trellis', { shape: 2, profiled: true, transform: true, trellis: true }),
];
