// The tensors to time: whole images of real cuts, as many as give a frame of at least the wanted size; made-up ones without data.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readNpy, writeNpy } from 'slicer-codec/npy';
import { CUTS } from '../rate/cuts.mjs';
import { loadFeatures } from '../rate/features.mjs';
import { MADE_UP, powerOfTwo } from './made-up.mjs';

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

/** What a folder of tensors lacks for the frames, and for split inference, as a sentence; nothing where it has all. */
export function lackOf(folder, split = false) {
  const names = split ? CUTS.map((cut) => cut.name) : NAMES;
  if (!existsSync(folder)) return `there is no folder ${folder}`;
  const missing = names.map((name) => `${name}.npy`).filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) return `${folder} holds no ${missing.join(', ')}; npm run bench:rate writes all of them`;
  for (const name of names) {
    try {
      const { type, dims } = readNpy(new Uint8Array(readFileSync(join(folder, `${name}.npy`))));
      if (type !== 'float32' || dims.length < 2 || dims.includes(0)) {
        return `${name}.npy holds ${type} ${JSON.stringify(dims)} instead of float32 and images first`;
      }
    } catch (error) {
      return `${name}.npy cannot be read: ${error.message}`;
    }
  }
  return undefined;
}

/** Paths of .npy files with at least `size` values each; one image each where that is nought. */
export function writeFrames(folder, features, size) {
  const names = features ? NAMES : Object.keys(MADE_UP);
  return names.map((name) => {
    const path = join(folder, `${name}-${features ? 'real' : 'synthetic'}-${size}.npy`);
    const stale =
      features && existsSync(path) && statSync(path).mtimeMs < statSync(join(features, `${name}.npy`)).mtimeMs;
    const make = () => (features ? batch(loadFeatures(features, name), size) : MADE_UP[name](size));
    return write(path, make, stale);
  });
}

/** Paths of .npy files with 2^k made-up values each, for the exponents given. */
export function writePowers(folder, exponents) {
  return exponents.map((k) => write(join(folder, `2^${k}.npy`), () => powerOfTwo(k)));
}

function write(path, make, stale = false) {
  if (!existsSync(path) || stale) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, writeNpy({ type: 'float32', ...make() }));
    renameSync(`${path}.part`, path);
  }
  return path;
}

function batch(images, size) {
  const one = images[0].data.length;
  const count = Math.min(images.length, Math.max(1, Math.ceil(size / one)));
  const data = new Float32Array(count * one);
  for (let i = 0; i < count; i++) data.set(images[i].data, i * one);
  return { data, dims: [count, ...images[0].dims.slice(1)] };
}
