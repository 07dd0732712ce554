// The model of docs/guide-onnx.md: two convolutions, a pooling, a classifier. Its weights are made up.
import { generator, node, weight, writeModel } from './onnx-write.mjs';

/** The bytes of model.onnx: `image` [N, 3, 32, 32] → `scores` [N, 10], with `pooled` [N, 16, 8, 8] on the way. */
export function guideModel() {
  const same = { pads: [1, 1, 1, 1] };
  return writeModel({
    inputs: { image: ['float32', ['N', 3, 32, 32]] },
    outputs: { scores: ['float32', ['N', 10]] },
    nodes: [
      node('Conv', ['image', 'k1'], 'conv1', { ...same, strides: [2, 2] }),
      node('Relu', ['conv1'], 'relu1'),
      node('Conv', ['relu1', 'k2'], 'conv2', same),
      node('Relu', ['conv2'], 'relu2'),
      node('MaxPool', ['relu2'], 'pooled', { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Conv', ['pooled', 'k3'], 'conv3', same),
      node('Relu', ['conv3'], 'relu3'),
      node('GlobalAveragePool', ['relu3'], 'mean'),
      node('Flatten', ['mean'], 'flat'),
      node('MatMul', ['flat', 'w'], 'scores'),
    ],
    weights: [
      random('k1', [8, 3, 3, 3]),
      random('k2', [16, 8, 3, 3]),
      random('k3', [64, 16, 3, 3]),
      random('w', [64, 10]),
    ],
  });
}

function random(name, dims) {
  const count = dims.reduce((a, b) => a * b, 1);
  const scale = 2 / Math.sqrt(count / dims[0]);
  const draw = generator(count);
  return weight(
    name,
    dims,
    Float32Array.from({ length: count }, () => (draw() - 0.5) * scale),
  );
}
