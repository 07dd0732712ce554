// The language model of the text study: its passages, its residual stream after a block, and the judge of what replaces it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import ort from 'onnxruntime-node';
import { readNpy, writeNpy } from 'slicer-codec/npy';
import { cut } from 'slicer-codec/onnx';
// Not a public entry of the package yet.
import { divergence } from '../../sdk/dist/esm/eval/kl.js';
import { exportModel, runTool } from '../models/export.mjs';
import { open } from './features.mjs';

const WORDS = 49152;

/** Token ids of test and calibration passages, made from a folder of texts once. */
export function passagesOf(folder, cache) {
  const key = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 8);
  const path = join(cache, `smollm2-passages-${key}.json`);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(path)) runTool('smollm2', 'smollm2_passages.py', [path, folder]);
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** SmolLM2-135M over whole passages, cut after a block. */
export class TextModel {
  #sides = new Map();

  constructor({ cache, say, file }) {
    this.file = file ?? exportModel('smollm2');
    this.folder = join(cache, `smollm2-${basename(this.file, '.onnx')}`);
    this.say = say;
  }

  /** Sessions of both sides of a cut. The file is large: it is read and cut when a session is wanted, and one at a time. */
  async side(name, which) {
    const key = `${name} ${which}`;
    if (!this.#sides.has(key)) {
      this.say(`cutting the language model at ${name}`);
      this.#sides.clear();
      this.#sides.set(key, await open(cut(new Uint8Array(readFileSync(this.file)), name)[which]));
    }
    return this.#sides.get(key);
  }

  /** The residual stream of passages at a cut, [passages, tokens, width]; computed once. */
  async states(name, passages) {
    const sum = createHash('sha256').update(JSON.stringify(passages.map((p) => p.ids)));
    const path = join(this.folder, `${name}-${passages.length}-${sum.digest('hex').slice(0, 12)}.npy`);
    if (!existsSync(path)) {
      const head = await this.side(name, 'head');
      const parts = [];
      for (const [i, { ids }] of passages.entries()) {
        this.say(`${name}, passage ${i + 1}/${passages.length}`);
        const input = new ort.Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]);
        parts.push((await head.run({ input_ids: input }))[name]);
      }
      const [, tokens, width] = parts[0].dims;
      const data = new Float32Array(parts.length * tokens * width);
      for (const [i, part] of parts.entries()) data.set(part.data, i * tokens * width);
      mkdirSync(this.folder, { recursive: true });
      writeFileSync(`${path}.part`, writeNpy({ type: 'float32', data, dims: [parts.length, tokens, width] }));
      renameSync(`${path}.part`, path);
    }
    const { data, dims } = readNpy(new Uint8Array(readFileSync(path)));
    return { data, dims: [...dims] };
  }
}

/** Splits states into the first token of each passage, which stays as it is, and the others, which are coded. */
export function withoutFirst({ data, dims: [count, tokens, width] }) {
  const rest = new Float32Array(count * (tokens - 1) * width);
  const first = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const passage = data.subarray(i * tokens * width, (i + 1) * tokens * width);
    first.set(passage.subarray(0, width), i * width);
    rest.set(passage.subarray(width), i * (tokens - 1) * width);
  }
  return { first: { data: first, dims: [count, 1, width] }, stack: { data: rest, dims: [count, tokens - 1, width] } };
}

/** Runs the blocks behind a cut; KL over all positions but the first, by passage. */
export class TextJudge {
  constructor({ model, name, states, id }) {
    Object.assign(this, { model, name, id: `${id} | ${name}` });
    Object.assign(this, withoutFirst(states));
  }

  async #logits(data, i) {
    const [, tokens, width] = this.stack.dims;
    const passage = new Float32Array((tokens + 1) * width);
    passage.set(this.first.data.subarray(i * width, (i + 1) * width));
    passage.set(data.subarray(i * tokens * width, (i + 1) * tokens * width), width);
    const session = await this.model.side(this.name, 'tail');
    const { logits } = await session.run({ [this.name]: new ort.Tensor('float32', passage, [1, tokens + 1, width]) });
    return logits.data.subarray(WORDS);
  }

  async judge(data) {
    const result = { kl: [], agreement: [] };
    this.reference ??= [];
    for (let i = 0; i < this.stack.dims[0]; i++) {
      this.reference[i] ??= (await this.#logits(this.stack.data, i)).slice();
      const { kl, agreement } = divergence(this.reference[i], await this.#logits(data, i), WORDS);
      result.kl.push(Number(kl.toPrecision(6)));
      result.agreement.push(Number(agreement.toPrecision(6)));
    }
    return result;
  }
}
