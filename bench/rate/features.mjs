// The tensors at the cuts, from images through the model; kept as .npy files, so that later runs and the speed bench find them.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { readNpy, writeNpy } from 'slicer-codec/npy';
import { cut } from 'slicer-codec/onnx';
import { INPUT, OUTPUT } from './cuts.mjs';
import { inputOf } from './images.mjs';

/** One thread: the same results on every machine, whatever else runs on it. */
const SESSION = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };

/** Opens a model from its bytes. */
export const open = (bytes) => ort.InferenceSession.create(bytes, SESSION);

/** Runs a session with one float input and gives its only output. */
export async function runOne(session, name, data, dims) {
  const outputs = await session.run({ [name]: new ort.Tensor('float32', data, dims) });
  return outputs[session.outputNames[0]];
}

/** Features of the images of one set at every cut, and the logits; computed once per model, set and folder of images. */
export class Features {
  constructor({ cache, modelBytes, cuts, say }) {
    this.modelBytes = modelBytes;
    this.cuts = cuts;
    this.say = say;
    this.folder = join(cache, createHash('sha256').update(modelBytes).digest('hex').slice(0, 16));
  }

  /** The folder that holds the tensors of a set: NAME.npy per cut, [images, …]. */
  setFolder(images) {
    const key = createHash('sha256');
    for (const image of images) key.update(`${image.name} `).update(readFileSync(image.path));
    return join(this.folder, `${images.length}-${key.digest('hex').slice(0, 16)}`);
  }

  /** Computes what is missing; resolves with the folder. */
  async prepare(images) {
    const folder = this.setFolder(images);
    const names = [...this.cuts, OUTPUT];
    if (names.every((name) => existsSync(join(folder, `${name}.npy`)))) return folder;
    const stages = await this.#stages();
    const collected = new Map(names.map((name) => [name, { parts: [], dims: [] }]));
    for (const [i, image] of images.entries()) {
      this.say(`features ${i + 1}/${images.length}`);
      let tensor = await inputOf(image.path);
      for (const { session, input, output } of stages) {
        tensor = await runOne(session, input, tensor.data, tensor.dims);
        const entry = collected.get(output);
        entry.parts.push(tensor.data.slice());
        entry.dims = tensor.dims.slice(1);
      }
    }
    mkdirSync(folder, { recursive: true });
    for (const [name, { parts, dims }] of collected) this.#write(join(folder, `${name}.npy`), parts, dims);
    return folder;
  }

  /** Keeps the inputs of a set beside its features; what sends them instead of features is measured on them. */
  async inputs(images) {
    const path = join(this.setFolder(images), `${INPUT}.npy`);
    if (existsSync(path)) return;
    const parts = [];
    for (const image of images) parts.push(await inputOf(image.path));
    this.#write(
      path,
      parts.map(({ data }) => data),
      parts[0].dims.slice(1),
    );
  }

  #write(path, parts, dims) {
    const data = new Float32Array(parts.length * parts[0].length);
    for (const [i, part] of parts.entries()) data.set(part, i * part.length);
    writeFileSync(`${path}.part`, writeNpy({ type: 'float32', data, dims: [parts.length, ...dims] }));
    renameSync(`${path}.part`, path);
  }

  /** The model in pieces, one from each cut to the next, so that nothing is computed twice. */
  async #stages() {
    const stages = [];
    let [rest, input] = [this.modelBytes, INPUT];
    for (const name of this.cuts) {
      const { head, tail } = cut(rest, name);
      stages.push({ session: await open(head), input, output: name });
      [rest, input] = [tail, name];
    }
    stages.push({ session: await open(rest), input, output: OUTPUT });
    return stages;
  }

  /** The part of the model behind a cut as a file; behind the input, the whole. */
  tailBytes(name) {
    return name === INPUT ? this.modelBytes : cut(this.modelBytes, name).tail;
  }

  /** The same, ready to run. */
  tail(name) {
    return open(this.tailBytes(name));
  }
}

/** The tensors of one cut, image by image, with a leading dimension of 1 each. */
export function loadFeatures(folder, name) {
  const { data, dims } = readNpy(new Uint8Array(readFileSync(join(folder, `${name}.npy`))));
  const size = data.length / dims[0];
  const one = [1, ...dims.slice(1)];
  return Array.from({ length: dims[0] }, (_, i) => ({
    type: 'float32',
    data: data.subarray(i * size, (i + 1) * size),
    dims: one,
  }));
}
