// The model of docs/guide-onnx.md, written field by field: two convolutions, a pooling, a classifier. Weights are made up.

/** The bytes of model.onnx: `image` [N, 3, 32, 32] → `scores` [N, 10], with `pooled` [N, 16, 8, 8] on the way. */
export function guideModel() {
  const nodes = [
    node('Conv', ['image', 'k1'], 'conv1', [ints('pads', [1, 1, 1, 1]), ints('strides', [2, 2])]),
    node('Relu', ['conv1'], 'relu1'),
    node('Conv', ['relu1', 'k2'], 'conv2', [ints('pads', [1, 1, 1, 1])]),
    node('Relu', ['conv2'], 'relu2'),
    node('MaxPool', ['relu2'], 'pooled', [ints('kernel_shape', [2, 2]), ints('strides', [2, 2])]),
    node('Conv', ['pooled', 'k3'], 'conv3', [ints('pads', [1, 1, 1, 1])]),
    node('Relu', ['conv3'], 'relu3'),
    node('GlobalAveragePool', ['relu3'], 'mean'),
    node('Flatten', ['mean'], 'flat'),
    node('MatMul', ['flat', 'w'], 'scores'),
  ];
  const weights = [
    weight('k1', [8, 3, 3, 3]),
    weight('k2', [16, 8, 3, 3]),
    weight('k3', [64, 16, 3, 3]),
    weight('w', [64, 10]),
  ];
  const graph = message([
    ...nodes.map((bytes) => field(1, bytes)),
    field(2, text('guide')),
    ...weights.map((bytes) => field(5, bytes)),
    field(11, value('image', ['N', 3, 32, 32])),
    field(12, value('scores', ['N', 10])),
  ]);
  const opset = message([field(1, text('')), number(2, 17)]);
  return message([number(1, 8), field(7, graph), field(8, opset)]);
}

function node(op, inputs, output, attributes = []) {
  return message([
    ...inputs.map((name) => field(1, text(name))),
    field(2, text(output)),
    field(4, text(op)),
    ...attributes.map((bytes) => field(5, bytes)),
  ]);
}

const ints = (name, list) => message([field(1, text(name)), ...list.map((i) => number(8, i)), number(20, 7)]);

/** Pseudo-random weights of a fitting size, the same ones every time. */
function weight(name, dims) {
  const count = dims.reduce((a, b) => a * b, 1);
  const scale = 2 / Math.sqrt(count / dims[0]);
  let state = count;
  const data = Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * scale;
  });
  return message([
    ...dims.map((d) => number(1, d)),
    number(2, 1),
    field(8, text(name)),
    field(9, new Uint8Array(data.buffer)),
  ]);
}

function value(name, dims) {
  const shape = dims.map((d) => field(1, typeof d === 'number' ? number(1, d) : field(2, text(d))));
  const tensor = message([number(1, 1), field(2, message(shape))]);
  return message([field(1, text(name)), field(2, message([field(1, tensor)]))]);
}

const text = (string) => new TextEncoder().encode(string);
const message = (fields) => Uint8Array.from(fields.flatMap((bytes) => [...bytes]));
const field = (id, bytes) => Uint8Array.from([...varint(id * 8 + 2), ...varint(bytes.length), ...bytes]);
const number = (id, n) => Uint8Array.from([...varint(id * 8), ...varint(n)]);
const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)]);
