// Head and tail of a model as the measurement wants them: one thread of onnxruntime-node each.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
import { cut } from 'slicer-codec/onnx';

const SESSION = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };

/** Cuts a model file at one tensor and opens both parts. */
export async function openParts(file, tensor) {
  const bytes = readFileSync(file);
  const { head, tail } = cut(new Uint8Array(bytes), tensor);
  const id = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  return { head: await part(head), tail: await part(tail), crossing: [tensor], id };
}

async function part(model) {
  const session = await ort.InferenceSession.create(model, SESSION);
  return {
    inputs: session.inputNames.map((name) => ({ name })),
    async run(feeds) {
      const tensors = Object.entries(feeds).map(([name, t]) => [name, new ort.Tensor(t.type, t.data, t.dims)]);
      return session.run(Object.fromEntries(tensors));
    },
    release: () => session.release(),
  };
}

/** Root mean square of the crossing tensor over a few items: the scale steps are named in. */
export async function rmsOf({ head, crossing: [name] }, items, count = 8) {
  let [sum, values] = [0, 0];
  for (const item of items.slice(0, count)) {
    const { passes } = await item.load();
    const { data } = (await head.run(passes[0]))[name];
    for (const x of data) sum += x * x;
    values += data.length;
  }
  return Math.sqrt(sum / values);
}
