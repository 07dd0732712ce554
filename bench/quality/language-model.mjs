// SmolLM2-135M-Instruct in two parts, judging a context and its continuations in one pass; what crosses is coded token by token.
import ort from 'onnxruntime-node';
import { StreamDecoder, StreamEncoder } from 'slicer-codec';
import { correctness, pack, Reference, score } from 'slicer-codec/eval';
import { exportModel } from '../models/export.mjs';

export const WORDS = 49152;
export const WIDTH = 576;
const SESSION = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };
const six = (x) => Number(x.toPrecision(6));

/** Both parts behind a cut after `blocks` blocks. */
export class LanguageModel {
  constructor(blocks) {
    this.blocks = blocks;
  }

  async open(say) {
    const files = ['head', 'tail'].map((part) => exportModel(`smollm2_packed_${part}_${this.blocks}`, undefined, say));
    [this.head, this.tail] = await Promise.all(files.map((file) => ort.InferenceSession.create(file, SESSION)));
    return this;
  }

  /** The feeds of an item that both parts take, and its hidden states. */
  async hidden({ ids, positions, mask }) {
    const n = ids.length;
    const common = {
      positions: new ort.Tensor('int64', positions, [n]),
      mask: new ort.Tensor('float32', mask, [n, n]),
    };
    const { hidden } = await this.head.run({ input_ids: new ort.Tensor('int64', ids, [1, n]), ...common });
    return { common, states: hidden.data };
  }

  /** Logits of the chosen rows, [rows, 49152]. */
  async logits(states, common, rows) {
    const hidden = new ort.Tensor('float32', states, [1, states.length / WIDTH, WIDTH]);
    const { logits } = await this.tail.run({ hidden, ...common, rows: new ort.Tensor('int64', rows, [rows.length]) });
    return logits.data;
  }
}

/** A setting of the codec's streams: every item begins a stream of its own, and its setup is counted. */
export class StreamSetting {
  constructor(options) {
    this.label = `step ${options.step}${options.adaptive ? ', adaptive classes' : ''}${options.trellis ? ', trellis' : ''}`;
    this.encoder = new StreamEncoder({ type: 'float32', dims: [1, WIDTH], ...options });
    this.decoder = new StreamDecoder(this.encoder.setup);
  }

  code(states) {
    this.encoder.reset();
    const data = new Float32Array(states.length);
    let bytes = this.encoder.setup.length;
    let first = 0;
    const start = performance.now();
    for (let at = 0; at < states.length; at += WIDTH) {
      const body = this.encoder.encode(states.subarray(at, at + WIDTH));
      data.set(this.decoder.decode(body).data, at);
      bytes += body.length;
      if (at === 0) first = body.length;
    }
    return { data, bytes, first, codecMs: performance.now() - start };
  }

  free() {
    this.encoder.free();
    this.decoder.free();
  }
}

/** Nothing is coded: four bytes a value. */
export const plain = {
  label: 'fp32',
  code: (states) => ({ data: states, bytes: states.byteLength, first: 4 * WIDTH, codecMs: 0 }),
};

/** What the unsplit model says of each of the items, and what it says behind each setting; one pass each for all of them. */
export async function judge(model, items, settings) {
  const packed = pack(items);
  const { spans } = packed;
  const { common, states } = await model.hidden(packed);
  const logitsOf = async (data) => {
    const all = await model.logits(data, common, packed.rows);
    return items.map((_, n) => all.subarray(spans[n].row * WORDS, spans[n + 1].row * WORDS));
  };
  const targets = items.map((_, n) => packed.targets.slice(spans[n].row, spans[n + 1].row));
  const references = (await logitsOf(states)).map((logits) => new Reference(logits, WORDS));
  const summary = (item, scores) => ({
    nll: six(-scores.choices.reduce((a, b) => a + b, 0)),
    choices: scores.choices.map(six),
    correct: correctness(item, scores),
  });
  const records = items.map((item, n) => ({
    tokens: spans[n + 1].token - spans[n].token,
    positions: targets[n].length,
    unsplit: summary(item, score(item, references[n].targets(targets[n]))),
    rows: {},
  }));
  for (const setting of settings) {
    const data = new Float32Array(states.length);
    const coded = items.map((_, n) => {
      const [from, to] = [spans[n].token * WIDTH, spans[n + 1].token * WIDTH];
      const { data: own, ...figures } = setting.code(states.subarray(from, to));
      data.set(own, from);
      return figures;
    });
    for (const [n, logits] of (await logitsOf(data)).entries()) {
      const { kl, agreement, targets: found } = references[n].compare(logits, targets[n]);
      const { bytes, first, codecMs } = coded[n];
      const sizes = { bytes, first, codecMs: six(codecMs) };
      const answers = summary(items[n], score(items[n], found));
      records[n].rows[setting.label] = { ...sizes, kl: six(kl), agreement: six(agreement), ...answers };
    }
  }
  return records;
}
