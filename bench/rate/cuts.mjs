// The cuts of EfficientNet-Lite0 that the tables show, in the order of the network, and what is asked of each.

/**
 * `dense` cuts are linear bottlenecks (no zeros), the others lie behind a ReLU6. `entropy` is the largest ratio of our bytes
 * to the 0-order entropy of the same levels that is accepted; `zstd` the same against those levels through zstd level 1.
 */
export const CUTS = [
  { name: 'b4', dense: true, entropy: 1.02, zstd: 0.97 },
  { name: 'b7', dense: true, zstd: 0.97 },
  { name: 'b10', dense: true, entropy: 1.02, zstd: 0.97 },
  { name: 'b11_dw', dense: false, entropy: 0.8, zstd: 0.85 },
  { name: 'b14', dense: true, entropy: 1.04, zstd: 0.97 },
  { name: 'head', dense: false, entropy: 0.85, zstd: 0.85 },
  { name: 'pooled', dense: false },
];

/** The name of the model's input and output. */
export const INPUT = 'input';
export const OUTPUT = 'logits';
