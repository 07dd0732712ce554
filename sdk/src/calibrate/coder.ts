/** Coding one frame with the tools of a profile, for trials. */
import { decode, encode } from '../entry/index.js';
import { forward, inverse } from './apply.js';
import type { FeatureView } from './features.js';
import type { Coder } from './trial.js';

/** Codes with the codec of this package, at its default effort. */
export function codecOf(view: FeatureView): Coder {
  return (tensor, parts, step) => {
    if (!parts) {
      const { bytes } = encode(tensor, { budget: { step }, report: false });
      return { bytes: bytes.length, data: decode(bytes).data as Float32Array };
    }
    const coefficients = forward(parts, view, tensor.data as Float32Array);
    const channels = parts.transform?.rank ?? view.channels;
    const dims = view.height * view.width > 1 ? [1, channels, view.height, view.width] : [1, channels];
    const { bytes } = encode({ type: 'float32', data: coefficients, dims }, { budget: { step }, report: false });
    return { bytes: bytes.length, data: inverse(parts, view, decode(bytes).data as Float32Array) };
  };
}
