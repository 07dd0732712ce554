/** Compiled, never run: a CommonJS application against the declarations. */
import codec = require('slicer-codec');

function use(tensor: codec.Tensor): number {
  const stream = new codec.StreamEncoder({ type: 'float32', dims: [1, 8], step: 0.1 });
  return codec.decode(codec.encode(tensor, { budget: 'balanced' }).bytes).size + stream.setup.length;
}

export = use;
