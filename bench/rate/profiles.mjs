// Profiles of the cuts, made by the SDK from calibration tensors and the weights that read them.
import { fingerprint } from './versions.mjs';

const SDK = new URL('../../sdk/dist/esm/', import.meta.url);
const made = new Map();

/** What makes profiles: a stored result is good for the very same code only. */
export const calibrationVersion = () =>
  fingerprint(
    ...['calibrate/calibrate.js', 'calibrate/profile.js', 'generated/calibrate.js'].map((file) => new URL(file, SDK)),
  );

/**
 * The profile of a cut: `{ parts, report, bytes, id }`. `amortise` frames share its bytes; with `force` the transform is in it
 * whatever the trials say, which are not worth the time then.
 */
export function profileAt({ cut, stack, features }, { force = false, amortise } = {}) {
  const key = `${features.folder} ${cut} ${stack.path} ${force} ${amortise}`;
  if (!made.has(key)) made.set(key, make({ cut, stack, features }, force, amortise));
  return made.get(key);
}

async function make({ cut, stack, features }, force, amortise) {
  // Not built in every checkout, and of no use to other studies.
  const { calibrate, writeProfile } = await import(new URL('calibrate/index.js', SDK).href);
  const { parts, report } = await calibrate({
    model: features.tailBytes(cut),
    features: [{ type: 'float32', data: stack.data, dims: stack.dims }],
    amortise,
    ...(force ? { forceTransform: true, runTail: false, trialItems: 4 } : {}),
  });
  return { parts, report, ...(await writeProfile(parts)) };
}

/**
 * Bytes of a profile of token tensors: means and scales, and with `transform` the rotation to their principal axes whatever it
 * may lose on other sources. No weights, no trials on the network.
 */
export function tokenProfile({ cut, stack }, { transform = false } = {}) {
  const key = `tokens ${cut} ${stack.dims} ${transform}`;
  if (!made.has(key)) made.set(key, makeForTokens(stack, transform));
  return made.get(key);
}

async function makeForTokens({ data, dims }, forceTransform) {
  const { calibrate, writeProfile } = await import(new URL('calibrate/index.js', SDK).href);
  const features = [{ type: 'float32', data, dims: [data.length / dims.at(-1), dims.at(-1)] }];
  const { parts } = await calibrate({ features, runTail: false, trialItems: 4, forceTransform });
  return (await writeProfile(parts)).bytes;
}
