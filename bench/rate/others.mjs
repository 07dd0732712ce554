// Further networks, cut once each: what runs through them, and how far their answers move. Inputs are drawn or made up here,
// but for the detector's, which are the photographs the other studies use.
import { readFileSync } from 'node:fs';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import ort from 'onnxruntime-node';
import { textTask } from '../../examples/demo/lines.mjs';
import { divergence } from '../../sdk/dist/esm/eval/kl.js';
import { exportModel } from '../models/export.mjs';

const tensor = (data, dims) => new ort.Tensor('float32', data, dims);

/** Numbers from 0 to 1 that are the same each time. */
function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** KL of yes-or-no answers, in nats. */
function binary(p, q) {
  const clip = (x) => Math.min(1 - 1e-7, Math.max(1e-7, x));
  const [a, b] = [clip(p), clip(q)];
  return a * Math.log(a / b) + (1 - a) * Math.log((1 - a) / (1 - b));
}

/** Mean of `binary` and the share of answers on the same side of a threshold, over the places where something may be. */
function yesOrNo(reference, other, { floor, threshold }) {
  let [kl, same, count] = [0, 0, 0];
  for (let i = 0; i < reference.length; i++) {
    if (reference[i] < floor && other[i] < floor) continue;
    kl += binary(reference[i], other[i]);
    if (reference[i] >= threshold === other[i] >= threshold) same++;
    count++;
  }
  return { kl: count > 0 ? kl / count : 0, agreement: count > 0 ? same / count : 1 };
}

/** Planes of red, green and blue, `(value − mean) ÷ scale`. */
function planes(canvas, mean, scale) {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const values = new Float32Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) values[c * width * height + i] = (data[4 * i + c] / 255 - mean[c]) / scale[c];
  }
  return tensor(values, [1, 3, height, width]);
}

async function recognition() {
  const task = await textTask();
  return {
    name: 'PP-OCRv4 rec',
    model: exportModel('ppocr_rec'),
    cut: 'p2o.AveragePool.1',
    what: 'eight drawn lines; KL of the characters',
    feeds: task.items.map(({ feeds: { x } }) => ({ x: tensor(x.data, x.dims) })),
    damage: (reference, other) => {
      const [a, b] = [reference, other].map((outputs) => task.distributions(outputs));
      // The network ends in a softmax: the logarithms of what it gives are as good as its logits.
      const logs = (values) => Float32Array.from(values, (p) => Math.log(Math.max(p, 1e-30)));
      return divergence(logs(a.values), logs(b.values), a.classes);
    },
  };
}

/** Pages of 320 × 320 with three drawn lines each. */
async function detection() {
  const { items } = await textTask();
  const draw = random(5);
  const pages = Array.from({ length: 8 }, (_, page) => {
    const canvas = createCanvas(320, 320);
    const context = canvas.getContext('2d');
    context.fillStyle = ['#ffffff', '#e8e2d0', '#c9d6df', '#f6f6f6'][page % 4];
    context.fillRect(0, 0, 320, 320);
    for (let line = 0; line < 3; line++) {
      const scale = 0.4 + 0.45 * draw();
      const picture = items[(3 * page + line) % items.length].canvas;
      context.drawImage(picture, 10 + 40 * draw(), 20 + 95 * line + 20 * draw(), 320 * scale, 48 * scale);
    }
    return canvas;
  });
  return {
    name: 'PP-OCRv4 det',
    model: exportModel('ppocr_det'),
    cut: 'p2o.Concat.1',
    what: 'eight drawn pages; KL of the pixels that may be text',
    feeds: pages.map((canvas) => ({ x: planes(canvas, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]) })),
    damage: (reference, other) => {
      const [a, b] = [reference, other].map((outputs) => Object.values(outputs)[0].data);
      return yesOrNo(a, b, { floor: 0.05, threshold: 0.3 });
    },
  };
}

/** Sentences of random words: the network has to be kept, not understood. */
function sentences() {
  const draw = random(11);
  const feeds = Array.from({ length: 8 }, (_, i) => {
    const words = 8 + 14 * i;
    const ids = Array.from({ length: 128 }, (_, t) => {
      if (t === 0) return 101n;
      if (t > words) return t === words + 1 ? 102n : 0n;
      return BigInt(2000 + Math.floor(20000 * draw() ** 2));
    });
    const mask = ids.map((id) => (id === 0n ? 0n : 1n));
    const of = (list) => new ort.Tensor('int64', BigInt64Array.from(list), [1, 128]);
    return { input_ids: of(ids), attention_mask: of(mask) };
  });
  return {
    name: 'MiniLM-L6',
    model: exportModel('minilm'),
    cut: 'h3',
    from: ['input_ids'],
    what: 'eight texts of random words, 128 tokens; 1 − cosine of the embedding instead of KL',
    feeds,
    damage: ({ embedding: a }, { embedding: b }) => {
      let [dot, x, y] = [0, 0, 0];
      for (let i = 0; i < a.data.length; i++) {
        dot += a.data[i] * b.data[i];
        x += a.data[i] ** 2;
        y += b.data[i] ** 2;
      }
      const cosine = dot / Math.sqrt(x * y);
      return { kl: Math.max(0, 1 - cosine), agreement: cosine };
    },
  };
}

/** Chunks of a made-up voice: harmonics of a gliding tone under moving formants, and pauses with noise. */
function voice() {
  const draw = random(3);
  const feeds = Array.from({ length: 48 }, (_, chunk) => {
    const pitch = 90 + 120 * draw();
    const formants = [300 + 500 * draw(), 900 + 1300 * draw(), 2400 + 600 * draw()];
    const loud = chunk % 4 === 3 ? 0 : 0.2 + 0.5 * draw();
    const samples = new Float32Array(576);
    for (let h = 1; h * pitch < 7000; h++) {
      const f = h * pitch;
      const gain = formants.reduce((sum, at) => sum + 1 / (1 + ((f - at) / 120) ** 2), 0.01) / h ** 0.3;
      const phase = 2 * Math.PI * draw();
      for (let i = 0; i < 576; i++) samples[i] += 0.15 * loud * gain * Math.sin((2 * Math.PI * f * i) / 16000 + phase);
    }
    for (let i = 0; i < 576; i++) samples[i] += 0.02 * (draw() - 0.5);
    const sr = new ort.Tensor('int64', BigInt64Array.of(16000n), []);
    return { input: tensor(samples, [1, 576]), state: tensor(new Float32Array(256), [2, 1, 128]), sr };
  });
  return {
    name: 'silero-vad',
    model: exportModel('silero_vad'),
    cut: '/model/encoder/0/activation/Relu_output_0',
    from: ['input'],
    to: ['output'],
    what: '48 chunks of a made-up voice, without memory; KL of the yes or no',
    feeds,
    damage: ({ output: a }, { output: b }) => yesOrNo(a.data, b.data, { floor: 0, threshold: 0.5 }),
  };
}

async function boxes(images) {
  const feeds = [];
  for (const { path } of images) {
    const image = await loadImage(readFileSync(path));
    const canvas = createCanvas(320, 320);
    canvas.getContext('2d').drawImage(image, 0, 0, 320, 320);
    feeds.push({ images: planes(canvas, [0, 0, 0], [1, 1, 1]) });
  }
  return {
    name: 'detector',
    model: exportModel('detector'),
    cut: '/model.3/act/Mul_output_0',
    what: `${images.length} photographs; KL of the scores above 0.05`,
    feeds,
    damage: (reference, other) => {
      const [a, b] = [reference, other].map(({ output0: { data, dims } }) => data.subarray(4 * dims[2]));
      return yesOrNo(a, b, { floor: 0.05, threshold: 0.25 });
    },
  };
}

/** All of them; `photos` are the detector's images. */
export const OTHERS = {
  rec: recognition,
  det: detection,
  minilm: sentences,
  silero: voice,
  detector: boxes,
};
