// The device's end: heads, the codec, forms of the input, and requests over the link.
import { request } from 'node:http';
import ort from 'onnxruntime-node';
import { decode, encode } from 'slicer-codec';
import { Reference } from 'slicer-codec/eval';
import { planes, readPicture } from '../quality/pictures.mjs';
import { open } from '../rate/features.mjs';
import { FORMS, SETTINGS } from './models.mjs';

/** Opens a model's parts, and lists what could be done with an item: every option as a function that does it. */
export async function openDevice({ file, input, canvas }, parts) {
  const whole = await open(file);
  const feeds = () => {
    const { data, dims } = planes(canvas, input.spec);
    return { [input.name]: new ort.Tensor('float32', data, dims) };
  };
  const answer = async (session, given) => Object.values(await session.run(given))[0].data;
  const own = (await answer(whole, feeds())).slice();
  const reference = new Reference(own);
  const options = [
    { kind: 'local', bytes: 0, kl: 0, prepare: async () => ({ headMs: await timed(() => whole.run(feeds())) }) },
  ];
  for (const { form, write } of FORMS) {
    const path = `/form/${encodeURIComponent(form)}`;
    const again = planes(await readPicture(await write(canvas)), input.spec);
    const { kl } = reference.compare(
      await answer(whole, { [input.name]: new ort.Tensor('float32', again.data, again.dims) }),
    );
    options.push({
      kind: 'input',
      setting: form,
      kl,
      path,
      prepare: async () => {
        const start = performance.now();
        const body = await write(canvas);
        return { body, headMs: 0, encodeMs: performance.now() - start };
      },
    });
  }
  for (const [cut, part] of Object.entries(parts)) {
    const [head, tail] = [await open(part.head), await open(part.tail)];
    const tensor = (await head.run(feeds()))[cut];
    const rms = Math.sqrt(tensor.data.reduce((sum, x) => sum + x * x, 0) / tensor.data.length);
    for (const { setting, share, effort = 'default' } of SETTINGS) {
      const budget = { step: share * rms };
      const { data, dims } = decode(
        encode({ type: 'float32', data: tensor.data, dims: tensor.dims }, { budget, effort, report: false }).bytes,
      );
      const { kl } = reference.compare(await answer(tail, { [cut]: new ort.Tensor('float32', data, dims) }));
      options.push({
        kind: 'split',
        cut,
        setting,
        kl,
        path: `/cut/${encodeURIComponent(cut)}`,
        prepare: async () => {
          const start = performance.now();
          const { data: values, dims: sizes } = (await head.run(feeds()))[cut];
          const middle = performance.now();
          const { bytes } = encode({ type: 'float32', data: values, dims: sizes }, { budget, effort, report: false });
          return { body: bytes, headMs: middle - start, encodeMs: performance.now() - middle };
        },
      });
    }
  }
  return options;
}

async function timed(action) {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

/** Does an option once, from the input to the answer; `port` is the link's. */
export async function doOnce(option, port, agent) {
  const start = performance.now();
  const { body, headMs, encodeMs = 0 } = await option.prepare();
  if (!option.path)
    return { latencyMs: performance.now() - start, headMs, encodeMs: 0, decodeMs: 0, tailMs: 0, bytes: 0 };
  const { decodeMs, tailMs } = await post(port, option.path, body, agent);
  return { latencyMs: performance.now() - start, headMs, encodeMs, decodeMs, tailMs, bytes: body.length };
}

function post(port, path, body, agent) {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method: 'POST', agent, headers: { 'content-length': body.length } },
      (response) => {
        const pieces = [];
        response.on('data', (piece) => pieces.push(piece));
        response.on('end', () => {
          if (response.statusCode !== 200) return reject(new Error(Buffer.concat(pieces).toString()));
          const [decodeMs, tailMs] = response.headers['x-times'].split(' ').map(Number);
          resolve({ decodeMs, tailMs });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
