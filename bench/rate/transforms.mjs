// What our own codec would quantise instead of features, for peers that are fed it (nncodec (b)): a DCT over the planes with its
// frequency weight, alone or behind the consumer-weighted transform of a profile.
import { fingerprint } from './versions.mjs';

const SDK = new URL('../../sdk/dist/esm/calibrate/', import.meta.url);

/** A transform of whole stacks from the parts of a profile. */
function transformOf(name, transformClass, parts, { forward, inverse, featureView, version }) {
  const each = (data, count, use) => {
    const size = data.length / count;
    const rows = Array.from({ length: count }, (_, i) => use(data.subarray(i * size, (i + 1) * size)));
    const result = new Float32Array(count * rows[0].length);
    for (const [i, row] of rows.entries()) result.set(row, i * rows[0].length);
    return result;
  };
  return {
    name,
    class: transformClass,
    version,
    forward: ({ data, dims }) => {
      const view = featureView(dims);
      const rank = parts.transform?.rank ?? view.channels;
      const coefficients = each(data, dims[0], (row) => forward(parts, view, row));
      return { data: coefficients, dims: [dims[0], rank, ...dims.slice(2)] };
    },
    inverse: (data, { dims }) => each(data, dims[0], (row) => inverse(parts, featureView(dims), row)),
  };
}

/** The transforms of a cut with planes, or why there are none: `{ transforms, why? }`. */
export async function transformsAt(cut, { stack, features }) {
  if (stack.dims.length < 4) return { transforms: [] };
  let tools;
  try {
    const load = (file) => import(new URL(file, SDK).href);
    const [{ calibrate }, apply, { featureView }] = await Promise.all(
      ['index.js', 'apply.js', 'features.js'].map(load),
    );
    const sources = ['apply.js', 'calibrate.js', '../generated/calibrate.js'].map((file) => new URL(file, SDK));
    tools = { calibrate, ...apply, featureView, version: fingerprint(new URL(import.meta.url), ...sources) };
  } catch (error) {
    return { transforms: [], why: `calibration is not built: ${error.message}` };
  }
  const planes = { dct: true, frequencyWeight: true, curve: [] };
  const channels = stack.dims[1];
  const plain = { channels, mean: new Float32Array(channels), sigma: new Float32Array(channels).fill(1), ...planes };
  const { parts } = await tools.calibrate({
    model: features.tailBytes(cut),
    features: [{ type: 'float32', data: stack.data, dims: stack.dims }],
    forceTransform: true,
    runTail: false,
    trialItems: 4,
  });
  return {
    transforms: [
      transformOf('DCT and frequency weight', 'self-contained', plain, tools),
      transformOf('profile: weighted KLT, DCT and frequency weight', 'calibrated', { ...parts, ...planes }, tools),
    ],
  };
}
