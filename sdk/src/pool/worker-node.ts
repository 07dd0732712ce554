/** `slicer-codec/worker` in Node, and in Deno and Bun, whose own workers have no `parentPort`. */
import { parentPort } from 'node:worker_threads';
import { createCodec } from '../codec/api.js';
import { scalar, simd } from '../generated/full.js';
import { servePage } from './scope.js';
import { serve } from './serve.js';

const codec = createCodec({ scalar, simd });
const port = parentPort;
if (port) {
  serve(codec, {
    listen: (hear) => port.on('message', hear),
    answer: (response, transfer) => port.postMessage(response, transfer),
  });
} else {
  servePage(codec);
}
