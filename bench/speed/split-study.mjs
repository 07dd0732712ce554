// The codec's share of split inference: CPU time of head, encoder, decoder and tail at cuts of EfficientNet-Lite0, one image.
import { readFileSync } from 'node:fs';
import { Decoder, Encoder } from 'slicer-codec';
import { cut } from 'slicer-codec/onnx';
import { exportModel } from '../models/export.mjs';
import { CUTS, INPUT } from '../rate/cuts.mjs';
import { loadFeatures, open, runOne } from '../rate/features.mjs';
import { digits, mean, table } from '../rate/report.mjs';

/** A step over the root mean square at which the answers suffer by a KL of about 0.02; the time study of bench/rate has the same. */
const STEP = 0.9;
const EFFORTS = ['fast', 'default', 'dense'];
const PARTS = ['head', 'encode', 'decode', 'tail'];
/** Images that are coded together: the clock of the process counts microseconds, and a small tensor takes few. */
const IMAGES = 8;
const SIDE = 224;

/** Milliseconds of CPU time an action takes; what it does may be asynchronous. */
async function time(action) {
  const start = process.cpuUsage();
  const result = await action();
  const { user, system } = process.cpuUsage(start);
  return [result, (user + system) / 1000];
}

/**
 * @param {{ features?: string, rounds: number, say: (text: string) => void }} context `features`: real tensors at the cuts;
 *   without them, what the head makes of noise
 */
export async function splitStudy({ features, rounds, say }) {
  const model = new Uint8Array(readFileSync(exportModel('efficientnet_lite0')));
  // What a convolution costs does not depend on the picture.
  const input = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => Math.sin(i * i));
  const cuts = [];
  for (const { name } of CUTS) {
    say(`the network cut at ${name}`);
    const parts = cut(model, name);
    const [head, tail] = [await open(parts.head), await open(parts.tail)];
    const own = await runOne(head, INPUT, input, [1, 3, SIDE, SIDE]);
    const tensors = features ? loadFeatures(features, name).slice(0, IMAGES) : [plain(own)];
    const coders = EFFORTS.map((effort) => ({ effort, encoder: new Encoder(), decoder: new Decoder(), bytes: 0 }));
    cuts.push({ name, head, tail, tensors, coders, times: new Map() });
  }
  for (let round = 0; round < rounds; round++) {
    for (const entry of cuts) {
      say(`${entry.name}, round ${round + 1}/${rounds}`);
      await oneRound(entry, input);
    }
  }
  const rows = cuts.flatMap(({ name, coders, times }) =>
    coders.map(({ effort, bytes, nrmse }) => {
      const best = (part) => Math.min(...(times.get(`${effort} ${part}`) ?? times.get(part)));
      const row = { cut: name, effort, bytes, nrmse, ...Object.fromEntries(PARTS.map((part) => [part, best(part)])) };
      return { ...row, share: (row.encode + row.decode) / PARTS.reduce((sum, part) => sum + row[part], 0) };
    }),
  );
  return { rows, musts: [], markdown: markdownOf(rows, features) };
}

const plain = ({ data, dims }) => ({ type: 'float32', data, dims });

async function oneRound({ name, head, tail, tensors, coders, times }, input) {
  const note = (key, value) => times.set(key, [...(times.get(key) ?? []), value]);
  const [, headMs] = await time(() => runOne(head, INPUT, input, [1, 3, SIDE, SIDE]));
  note('head', headMs);
  const [{ data, dims }] = tensors;
  const [, tailMs] = await time(() => runOne(tail, name, data, dims));
  note('tail', tailMs);
  for (const coder of coders) {
    const { effort, encoder, decoder } = coder;
    const options = (tensor) => ({ budget: { step: STEP * rmsOf(tensor) }, effort, report: false });
    const all = tensors.map((tensor) => [tensor, options(tensor)]);
    const [frames, encodeMs] = await time(() => all.map(([tensor, o]) => encoder.encode(tensor, o).bytes));
    const [decoded, decodeMs] = await time(() => frames.map((frame) => decoder.decode(frame).data));
    note(`${effort} encode`, encodeMs / tensors.length);
    note(`${effort} decode`, decodeMs / tensors.length);
    coder.bytes = Math.round(frames.reduce((sum, frame) => sum + frame.length, 0) / frames.length);
    coder.nrmse ??= mean(tensors.map(({ data: x }, i) => distance(x, decoded[i]) / rmsOf(tensors[i])));
  }
}

const rmsOf = ({ data }) => Math.sqrt(data.reduce((sum, v) => sum + v * v, 0) / data.length);
const distance = (x, y) => Math.sqrt(x.reduce((sum, v, i) => sum + (v - y[i]) ** 2, 0) / x.length);

function markdownOf(rows, features) {
  const body = rows.map((row) => [
    `${row.cut}, ${row.effort}`,
    row.bytes,
    digits(row.nrmse, 3),
    ...PARTS.map((part) => digits(row[part], 2)),
    digits(100 * row.share, 1),
  ]);
  const head = ['cut, effort', 'bytes', 'NRMSE', ...PARTS.map((part) => `${part} ms`), 'codec, % of all'];
  const note = `One ${SIDE} x ${SIDE} image, CPU time, the best round; ONNX Runtime with one thread, the codec in WASM, ${features ? 'real tensors' : 'tensors made from noise'}, a step of ${STEP} of their root mean square. The efforts have the same step, not the same error.`;
  return `${table(head, body)}\n\n${note}`;
}
