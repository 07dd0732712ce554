// The tensors to time: whole images of real cuts, as many as give a frame of at least the wanted size; made-up ones without data.
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeNpy } from 'slicer-codec/npy';
import { CUTS } from '../rate/cuts.mjs';
import { loadFeatures } from '../rate/features.mjs';

/** Cuts with planes to speak of; the order is the table's. */
const NAMES = CUTS.map((cut) => cut.name).filter((name) => name !== 'pooled');

/** The folder with the most images among those that the rate bench has left in the cache. */
export function findFeatures(cache) {
  const folders = [];
  for (const model of existsSync(cache) ? readdirSync(cache) : []) {
    if (!/^[0-9a-f]{16}$/.test(model)) continue;
    for (const set of readdirSync(join(cache, model))) folders.push(join(cache, model, set));
  }
  const count = (folder) => Number(/(\d+)-[0-9a-f]+$/.exec(folder)?.[1] ?? 0);
  const complete = folders.filter((folder) => NAMES.every((name) => existsSync(join(folder, `${name}.npy`))));
  return complete.sort((a, b) => count(b) - count(a))[0];
}

/** Paths of .npy files with at least `size` values each. */
export function writeFrames(folder, features, size) {
  mkdirSync(folder, { recursive: true });
  const names = features ? NAMES : Object.keys(MADE_UP);
  return names.map((name) => {
    const path = join(folder, `${name}-${features ? 'real' : 'synthetic'}-${size}.npy`);
    const stale =
      features && existsSync(path) && statSync(path).mtimeMs < statSync(join(features, `${name}.npy`)).mtimeMs;
    if (!existsSync(path) || stale) {
      const tensor = features ? batch(loadFeatures(features, name), size) : MADE_UP[name](size);
      writeFileSync(`${path}.part`, writeNpy({ type: 'float32', ...tensor }));
      renameSync(`${path}.part`, path);
    }
    return path;
  });
}

function batch(images, size) {
  const one = images[0].data.length;
  const count = Math.min(images.length, Math.ceil(size / one));
  const data = new Float32Array(count * one);
  for (let i = 0; i < count; i++) data.set(images[i].data, i * one);
  return { data, dims: [count, ...images[0].dims.slice(1)] };
}

/** Made-up tensors: a dense one and one behind a ReLU, with channels of unlike scale and smooth planes. */
const MADE_UP = {
  dense: (size) => synthetic(size, 112, 14, (v) => v),
  relu: (size) => synthetic(size, 672, 7, (v) => Math.min(6, Math.max(0, v - 0.8))),
};

function synthetic(size, channels, side, shape) {
  const random = generator(7);
  const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const scales = Array.from({ length: channels }, () => Math.exp(0.6 * normal()));
  const count = Math.ceil(size / (channels * side * side));
  const data = new Float32Array(count * channels * side * side);
  for (let i = 0; i < data.length; i++) {
    const place = i % (side * side);
    const left = place % side > 0 ? data[i - 1] : 0;
    data[i] = shape(scales[Math.floor(i / (side * side)) % channels] * normal() + 0.3 * left);
  }
  return { data, dims: [count, channels, side, side] };
}

/** Uniform numbers in [0, 1) from a seed: a 32-bit linear congruence, its high bits. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}
