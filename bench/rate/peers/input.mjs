// No split at all: the network's input as a picture, and the whole network on the server.
import { INPUT } from '../cuts.mjs';
import { pythonPeer } from './python.mjs';

const QUALITIES = [5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92, 94, 96, 98, 100];
const SWEEP = [{ format: 'JPEG' }, { format: 'WEBP' }, { format: 'WEBP', side: 160 }];

export default pythonPeer({
  name: 'the input itself',
  module: 'picture',
  class: 'input',
  about: 'the 224 x 224 crop, taken from a JPEG of side 256 that was coded before',
  // Its tensors are the images, whatever the cut.
  cut: INPUT,
  variants: SWEEP.map((fixed) => ({
    label: `${fixed.format === 'JPEG' ? 'JPEG' : 'WebP'}${fixed.side ? `, scaled to ${fixed.side}` : ''}`,
    ladder: () => QUALITIES.map((quality) => ({ ...fixed, quality })),
  })),
});
