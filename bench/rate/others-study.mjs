// Peers on further networks: text recognition and detection, sentence embeddings, voice activity, object detection.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
import { cut } from 'slicer-codec/onnx';
import { compare, plain, TARGET } from './compare.mjs';
import { ratio } from './curve.mjs';
import { open } from './features.mjs';
import { OTHERS } from './others.mjs';
import { loadPeers } from './peers/index.mjs';
import { digits, table } from './report.mjs';
import { statisticsOf } from './stack.mjs';

const LEVELS = [0.01, TARGET, 0.05];
const RANGE = [0.008, 0.06];
const PEERS = ['slicer', 'nncodec', 'zstd', 'rans', 'block-int', 'q8_0', 'q4_0'];
/** Photographs the detector looks at. */
const PHOTOS = 24;

/** Runs the tail of a task; its head ran once. */
class TaskJudge {
  static async of(task) {
    const bytes = new Uint8Array(readFileSync(task.model));
    const parts = cut(bytes, task.cut, { from: task.from, to: task.to });
    const head = await open(parts.head);
    const judge = new TaskJudge();
    Object.assign(judge, { task, tail: await open(parts.tail), reference: [] });
    const only = (session, feeds) => Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]]));
    const states = [];
    for (const feeds of task.feeds) {
      const outputs = await head.run(only(head, feeds));
      states.push(outputs[task.cut]);
      // What the tail needs beside the tensor: inputs of the model, and small values such as shapes from the head.
      judge.reference.push({ beside: { ...feeds, ...outputs } });
    }
    const size = states[0].data.length;
    const data = new Float32Array(states.length * size);
    for (const [i, state] of states.entries()) data.set(state.data, i * size);
    judge.stack = { data, dims: [states.length, ...states[0].dims.slice(1)] };
    const sum = createHash('sha256').update(bytes).update(new Uint8Array(data.buffer)).digest('hex').slice(0, 12);
    judge.id = `${task.name} ${sum} | ${task.cut}`;
    return judge;
  }

  async #answers(data, i) {
    const { task, tail, reference } = this;
    const feeds = {};
    for (const name of tail.inputNames) feeds[name] = reference[i].beside[name];
    feeds[task.cut] = new ort.Tensor('float32', data, [1, ...this.stack.dims.slice(1)]);
    return tail.run(feeds);
  }

  async judge(data) {
    const size = data.length / this.stack.dims[0];
    const result = { kl: [], agreement: [] };
    const part = (from, i) => from.subarray(i * size, (i + 1) * size);
    for (const [i, item] of this.reference.entries()) {
      item.answers ??= await this.#answers(part(this.stack.data, i).slice(), i);
      const { kl, agreement } = this.task.damage(item.answers, await this.#answers(part(data, i).slice(), i));
      result.kl.push(Number(kl.toPrecision(6)));
      result.agreement.push(Number(agreement.toPrecision(6)));
    }
    return result;
  }
}

/** Runs the study; resolves with rows and Markdown. */
export async function othersStudy({ store, python, wantedPeers, wantedLayers, quick, say, photographs }) {
  const { peers, missing } = await loadPeers(
    PEERS.filter((name) => !wantedPeers || wantedPeers.includes(name)),
    python,
  );
  const rows = [];
  const notes = [];
  for (const [key, make] of Object.entries(OTHERS)) {
    if (wantedLayers && !wantedLayers.includes(key)) continue;
    say(`${key}: tensors at the cut`);
    const task = await make(photographs.slice(0, PHOTOS));
    const judge = await TaskJudge.of(task);
    const { stack } = judge;
    notes.push(`- ${task.name} at ${task.cut}, ${stack.dims.slice(1).join(' × ')}: ${task.what}.`);
    const statistics = statisticsOf(stack);
    const calibration = { stack, statistics, cut: task.cut };
    const context = { judge, learn: judge, calibration, store, python, say, quick, range: RANGE, key: ['others'] };
    for (const peer of peers) {
      try {
        const values = stack.data.length / stack.dims[0];
        rows.push({ cut: task.name, values, ...(await compare(peer, context, LEVELS)) });
      } catch (error) {
        missing.push({ name: `${peer.name} at ${task.name}`, why: error.message });
      }
    }
  }
  return { musts: [], about: [], markdown: report(rows, notes, missing), curves: plain(rows) };
}

function report(rows, notes, missing) {
  const parts = [
    'Each network is cut once; sweeps are chosen on the very tensors they are tested on, which flatters who has one.',
    notes.join('\n'),
  ];
  for (const name of new Set(rows.map((row) => row.cut))) {
    const here = rows.filter((row) => row.cut === name);
    const reference = here.find((row) => row.peer.name === 'nncodec')?.readings[TARGET];
    const order = (row) => row.readings[TARGET].bytes ?? Number.POSITIVE_INFINITY;
    const bytes = (x) => (x ? digits(x, 0) : 'not reached');
    const body = [...here]
      .sort((a, b) => order(a) - order(b))
      .map(({ peer, readings, values, nearest, variant }) => {
        const at = readings[TARGET];
        const against = ratio(at, reference);
        return [
          peer.name,
          variant ?? `nearest: ${bytes(nearest.bytes)} B at ${nearest.kl.toPrecision(2)}`,
          ...LEVELS.map((level) => bytes(readings[level].bytes)),
          at.bytes ? digits((4 * values) / at.bytes, 1) : '–',
          at.agreement === undefined ? '–' : digits(100 * at.agreement, 1),
          digits(against.ratio, 3),
          against.interval?.map((x) => digits(x, 2)).join('–') ?? '–',
        ];
      });
    const head = ['codec', 'best of its sweep', ...LEVELS.map((level) => `bytes at ${level}`)];
    head.push('below fp32, ×', 'same answers, %', '÷ nncodec', '95 %');
    parts.push(`### ${name}\n\n${table(head, body)}`);
  }
  if (missing.length > 0) parts.push(`Missing:\n\n${missing.map((m) => `- ${m.name}: ${m.why}`).join('\n')}`);
  return parts.join('\n\n');
}
