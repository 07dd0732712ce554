// Head → tail against the whole model at some cuts of one model, in a process of its own: prints JSON.
//   node equality.mjs PATH OPTIONS-AS-JSON, options: cuts (lists of names), inputShapes, from, to
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { splitFile } from '../../sdk/dist/esm/onnx/index.js';
import { nodeRunner, SplitModel } from '../../sdk/dist/esm/runtime/index.js';

const [path, options] = process.argv.slice(2);
const { cuts, inputShapes = {}, from, to } = JSON.parse(options);

const rows = [];
const whole = await nodeRunner(path);
const feeds = Object.fromEntries(whole.inputs.map((input) => [input.name, randomInput(input)]));
const expected = await whole.run(feeds);
await whole.close();
for (const names of cuts) {
  const folder = mkdtempSync(join(tmpdir(), 'slicer-cuts-'));
  try {
    const { description } = await splitFile(path, names, folder, { inputShapes, from, to });
    const split = await SplitModel.open(folder, { encode: { budget: { lossless: true } } });
    const { outputs } = await split.run(feeds);
    await split.close();
    const { maxDifference, maxOutput } = description.verification;
    rows.push({ names, plain: maxDifference / maxOutput, optimised: farthest(outputs, expected) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(JSON.stringify(rows));

/** Inputs of a plausible kind: ids below 1000, masks of ones, values around 0. */
function randomInput({ name, type, dims }) {
  const sizes = inputShapes[name] ?? (dims ?? []).map((size) => (typeof size === 'number' ? size : 1));
  const count = sizes.reduce((a, b) => a * b, 1);
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const ids = () =>
    /mask/.test(name) ? 1 : name === 'sr' ? 16000 : Math.floor(random() * (type === 'int64' ? 1000 : 250));
  if (type === 'int64') return { type, data: BigInt64Array.from({ length: count }, () => BigInt(ids())), dims: sizes };
  if (type === 'int32') return { type, data: Int32Array.from({ length: count }, ids), dims: sizes };
  return { type, data: Float32Array.from({ length: count }, () => 2 * random() - 1), dims: sizes };
}

function farthest(outputs, wanted) {
  let [difference, largest] = [0, 0];
  for (const [name, { data }] of Object.entries(wanted)) {
    for (let i = 0; i < data.length; i++) {
      largest = Math.max(largest, Math.abs(Number(data[i])));
      difference = Math.max(difference, Math.abs(Number(data[i]) - Number(outputs[name].data[i])));
    }
  }
  return difference / largest;
}
