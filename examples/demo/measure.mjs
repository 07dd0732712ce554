// Running a task whole and split, and comparing the answers.
import ort from 'onnxruntime-node';
import { decode, encode } from 'slicer-codec';
import { decodeImage, FORMATS } from './pictures.mjs';

/** What is asked of the codec, from nearly exact to very small. A step takes no search: the others try several. */
export function settings(fp32Bytes) {
  const cap = (part) => Math.round(fp32Bytes / part);
  const plain = (label, options) => ({ label, options: () => options });
  return [
    plain("'near-lossless'", { budget: 'near-lossless' }),
    plain("'balanced'", { budget: 'balanced' }),
    plain("'small'", { budget: 'small' }),
    plain('nrmse 0.2', { budget: { nrmse: 0.2 } }),
    plain('nrmse 0.3', { budget: { nrmse: 0.3 } }),
    plain("the paper's method, distortion 0.3", { budget: { distortion: 0.3 }, mode: 'slicer' }),
    { label: 'a step of one RMS', options: ({ data }) => ({ budget: { step: rootMeanSquare(data) } }) },
    plain(`${cap(32)} bytes at most`, { budget: { bytes: cap(32) } }),
    plain(`${cap(64)} bytes at most`, { budget: { bytes: cap(64) } }),
  ];
}

const rootMeanSquare = (data) => Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);

/** Opens a model on one thread, so that times mean something. */
export function open(path) {
  return ort.InferenceSession.create(path, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
}

const runtimeFeeds = (feeds) =>
  Object.fromEntries(Object.entries(feeds).map(([name, t]) => [name, new ort.Tensor(t.type, t.data, t.dims)]));

/** Runs a session and says how long that took. */
async function timed(session, feeds) {
  const start = performance.now();
  const outputs = await session.run(feeds);
  return { outputs, milliseconds: performance.now() - start };
}

/**
 * The reference: every item through the whole model and through the head. Gives the answers, the tensors that would
 * cross, and the times.
 */
export async function runWhole(task, sessions, tensorName, say) {
  const reference = [];
  for (const [i, item] of task.items.entries()) {
    say(`whole model and head, ${task.noun} ${i + 1}/${task.items.length}`);
    const feeds = runtimeFeeds(item.feeds);
    if (i === 0) await Promise.all([sessions.whole.run(feeds), sessions.head.run(feeds)]);
    const whole = await timed(sessions.whole, feeds);
    const head = await timed(sessions.head, feeds);
    const { type, data, dims } = head.outputs[tensorName];
    reference.push({
      answer: task.answer(whole.outputs),
      distributions: copyOf(task.distributions(whole.outputs)),
      tensor: { type, data: data.slice(), dims: [...dims] },
      wholeMs: whole.milliseconds,
      headMs: head.milliseconds,
    });
  }
  return reference;
}

const copyOf = ({ values, classes }) => ({ values: values.slice(), classes });

/** One setting of the codec over all items: head's tensor → encode → decode → tail → answer. */
export async function runSetting(task, sessions, tensorName, reference, { label, options }, say) {
  const rows = [];
  for (const [i, one] of reference.entries()) {
    say(`${label}, ${task.noun} ${i + 1}/${reference.length}`);
    const asked = options(one.tensor);
    // The first call starts the WASM module and grows its memory.
    if (i === 0) decode(encode(one.tensor, asked).bytes);
    const { bytes, report } = encode(one.tensor, asked);
    const start = performance.now();
    const received = decode(bytes);
    const decodeUs = (performance.now() - start) * 1000;
    const feeds = { [tensorName]: new ort.Tensor(received.type, received.data, received.dims) };
    const tail = await timed(sessions.tail, feeds);
    rows.push({
      ...compare(task, one, tail.outputs),
      bytes: bytes.length,
      nrmse: report.nrmse,
      encodeUs: report.microseconds,
      decodeUs,
      tailMs: tail.milliseconds,
      mode: report.mode,
    });
  }
  return summary(task, label, 'codec', rows);
}

/** What the tensor would be sent as without a codec. */
export const PLAIN = [
  { label: 'the tensor in fp32', bytesPerValue: 4, round: (data) => data },
  { label: 'the tensor in fp16', bytesPerValue: 2, round: (data) => data.map(roundToHalf) },
];

/** The tensor in a plain float format, through the tail. */
export async function runPlain(task, sessions, tensorName, reference, { label, bytesPerValue, round }, say) {
  const rows = [];
  for (const [i, one] of reference.entries()) {
    say(`${label}, ${task.noun} ${i + 1}/${reference.length}`);
    const { type, data, dims } = one.tensor;
    const outputs = await sessions.tail.run({ [tensorName]: new ort.Tensor(type, round(data), dims) });
    rows.push({ ...compare(task, one, outputs), bytes: data.length * bytesPerValue });
  }
  return summary(task, label, 'plain', rows);
}

/** To the nearest half-precision number: 11 bits by Dekker's splitting, fewer below the smallest normal one. */
function roundToHalf(value) {
  if (Math.abs(value) < 2 ** -14) return Math.round(value * 2 ** 24) / 2 ** 24;
  const scaled = Math.fround(value * 8193);
  return Math.max(-65504, Math.min(65504, Math.fround(scaled - Math.fround(scaled - value))));
}

/** The whole model on the image after a picture format. */
export async function runPicture(task, sessions, reference, { label, encode: write }, say) {
  const rows = [];
  for (const [i, item] of task.items.entries()) {
    say(`${label}, ${task.noun} ${i + 1}/${task.items.length}`);
    const bytes = await write(item.canvas);
    const outputs = await sessions.whole.run(runtimeFeeds(task.feedsOf(await decodeImage(bytes))));
    rows.push({ ...compare(task, reference[i], outputs), bytes: bytes.length });
  }
  return summary(task, label, 'image', rows);
}

/** All picture formats in turn. */
export async function runPictures(task, sessions, reference, say) {
  const rows = [];
  for (const format of FORMATS) rows.push(await runPicture(task, sessions, reference, format, say));
  return rows;
}

function compare(task, reference, outputs) {
  const answer = task.answer(outputs);
  return {
    answer,
    same: answer === reference.answer,
    kl: divergence(reference.distributions, task.distributions(outputs)),
  };
}

/** D(reference ‖ other) in nats, the mean over positions where there are several. */
function divergence(reference, other) {
  const { values: p, classes } = reference;
  const q = other.values;
  let sum = 0;
  for (let i = 0; i < p.length; i++) if (p[i] > 0) sum += p[i] * Math.log(p[i] / Math.max(q[i], 1e-30));
  return Math.max(0, sum / (p.length / classes));
}

function summary(task, label, kind, rows) {
  const column = (key) => rows.map((row) => row[key]).filter((value) => value !== undefined);
  return {
    label,
    kind,
    items: rows.length,
    bytes: mean(column('bytes')),
    same: rows.filter((row) => row.same).length,
    right: rows.filter((row, i) => row.answer === task.items[i].truth).length,
    kl: { mean: mean(column('kl')), median: median(column('kl')), largest: Math.max(...column('kl')) },
    nrmse: mean(column('nrmse')),
    encodeUs: median(column('encodeUs')),
    decodeUs: median(column('decodeUs')),
    tailMs: median(column('tailMs')),
    answers: column('answer'),
    bytesEach: column('bytes'),
  };
}

/** Mean, or `null` of nothing. */
export function mean(values) {
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
}

/** Median, or `null` of nothing. */
export function median(values) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
