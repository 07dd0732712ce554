// Channels tiled into an 8-bit picture and given to WebP, as benchmarks of split computing do.
import { pythonPeer } from './python.mjs';

const QUALITIES = [1, 3, 6, 10, 15, 20, 25, 30, 40, 50, 60, 70, 75, 80, 85, 90, 95, 100];

export default pythonPeer({
  name: 'tiled u8 + WebP',
  module: 'tiles',
  class: 'self-contained',
  variants: [undefined, 6, 4].map((clip) => ({
    label: clip ? `clipped at ${clip} rms` : 'not clipped',
    ladder: () => QUALITIES.map((quality) => ({ quality, ...(clip ? { clip } : {}) })),
  })),
  // A picture needs planes.
  suits: (_, dims) => dims.length >= 3 && dims.at(-1) > 1,
});
