/** Made-up features whose channels share a few sources, and a tail that reads them. */
import type { Tensor } from '../../src/codec/types.js';
import type { ModelProto, TensorProto } from '../../src/onnx/gen/onnx_pb.js';
import { model, node, weight } from '../onnx/graphs.js';

/** Numbers from −1 to 1, the same ones each time. */
export function random(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    let x = Math.imul(state ^ (state >>> 16), 0x45d9f3b);
    x = (x ^ (x >>> 13)) >>> 0;
    return x / 2147483648 - 1;
  };
}

/** Images of `channels` planes: smooth sources, mixed by a matrix that depends on `mixture` alone. */
export function planes(images: number, channels: number, side: number, seed: number, mixture = 1): Tensor {
  const mix = random(mixture);
  const mixing = Array.from({ length: channels * channels }, () => mix());
  const next = random(seed + 100);
  const data = new Float32Array(images * channels * side * side);
  for (let image = 0; image < images; image++) {
    const sources = Array.from({ length: channels }, (_, s) => {
      const [a, b, c, d] = [next(), next(), next(), next()].map((x) => (x * 6) / (1 + s));
      return (y: number, x: number) => a + b * Math.cos(y / 2) + c * Math.cos(x / 2) + d * next() * 0.3;
    });
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const values = sources.map((source) => source(y, x));
        for (let c = 0; c < channels; c++) {
          let sum = c;
          for (let s = 0; s < channels; s++) sum += mixing[c * channels + s] * values[s];
          data[((image * channels + c) * side + y) * side + x] = sum / 5;
        }
      }
    }
  }
  return { type: 'float32', data, dims: [images, channels, side, side] };
}

/** Tokens: one position each. */
export function tokens(count: number, channels: number, seed: number, mixture = 1): Tensor {
  const { data } = planes(count, channels, 1, seed, mixture);
  return { type: 'float32', data, dims: [count, channels] };
}

/** A weight of random values, small enough for answers that waver. */
function wavering(name: string, dims: number[], seed: number): TensorProto {
  const next = random(seed);
  const tensor = weight(name, dims);
  const scale = 2 / Math.sqrt(dims[0]);
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * next());
  tensor.rawData = new Uint8Array(data.buffer);
  return tensor;
}

/** 1 × 1 convolution, classes from every position. */
export function convolutionTail(channels: number, side: number): ModelProto {
  return model({
    inputs: { h: ['N', channels, side, side] },
    outputs: { logits: ['N', 3] },
    nodes: [
      node('Conv', 'h w', 'a'),
      node('Relu', 'a', 'b'),
      node('Flatten', 'b', 'c'),
      node('MatMul', 'c v', 'logits'),
    ],
    weights: [wavering('w', [4, channels, 1, 1], 11), wavering('v', [4 * side * side, 3], 12)],
  });
}

/** One matrix, classes. */
export function tokenTail(channels: number): ModelProto {
  return model({
    inputs: { h: ['N', channels] },
    outputs: { logits: ['N', 4] },
    nodes: [node('MatMul', 'h v', 'logits')],
    weights: [wavering('v', [channels, 4], 13)],
  });
}
