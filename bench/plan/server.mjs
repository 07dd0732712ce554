// The server's end, a process of its own: POST /NAME with a frame or an input; the answer is the outputs' bytes.
import { createServer } from 'node:http';
import ort from 'onnxruntime-node';
import { decode } from 'slicer-codec';
import { planes, readPicture } from '../quality/pictures.mjs';
import { open } from '../rate/features.mjs';

const { whole, tails, input } = JSON.parse(process.argv[2]);
const sessions = { whole: await open(whole) };
for (const [name, file] of Object.entries(tails)) sessions[name] = await open(file);

async function run(path, body) {
  const [kind, name] = path.slice(1).split('/').map(decodeURIComponent);
  const start = performance.now();
  if (kind === 'form') {
    const tensor = planes(await readPicture(body), input.spec);
    const decoded = performance.now();
    const outputs = await sessions.whole.run({ [input.name]: new ort.Tensor('float32', tensor.data, tensor.dims) });
    return { outputs, decodeMs: decoded - start, tailMs: performance.now() - decoded };
  }
  const tensor = decode(body);
  const decoded = performance.now();
  const outputs = await sessions[name].run({ [name]: new ort.Tensor(tensor.type, tensor.data, tensor.dims) });
  return { outputs, decodeMs: decoded - start, tailMs: performance.now() - decoded };
}

const server = createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', async () => {
    try {
      const { outputs, decodeMs, tailMs } = await run(request.url, Buffer.concat(pieces));
      const [{ data }] = Object.values(outputs);
      response.setHeader('x-times', `${decodeMs} ${tailMs}`);
      // What comes back is small whatever the network: no link down is modelled.
      response.end(Buffer.from(data.buffer, data.byteOffset, Math.min(data.byteLength, 1024)));
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  });
});
server.listen(0, '127.0.0.1', () => process.send?.(server.address().port));
process.on('disconnect', () => process.exit());
