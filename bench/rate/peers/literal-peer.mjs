// The paper's literal pipeline (literal.mjs) as a peer: all its values, tuned over a grid.
import { items } from '../stack.mjs';
import { about, literal, magnitudeOrder } from './literal.mjs';

/** What the planes or tokens of a tensor are as a matrix. */
function matrixOf(dims) {
  const rows = dims.length > 3 ? dims[1] : dims.slice(0, -1).reduce((a, b) => a * b, 1);
  return { rows, columns: dims.reduce((a, b) => a * b, 1) / rows };
}

/** Sums of code lengths of a stack, by form. */
function run(stack, { form, ...setting }) {
  const data = new Float32Array(stack.data.length);
  const bytes = items(stack).map((tensor, i) => {
    const coded = literal(tensor.data, magnitudeOrder(tensor.data), matrixOf(tensor.dims), setting);
    data.set(coded.decoded, i * tensor.data.length);
    return coded[form];
  });
  return { data, bytes };
}

/** Every (keep, M, δ); `keep` is a share of the values that are not zero. Where a try costs a pass through a language model, fewer. */
function grid(form, { nonzero, text }) {
  const [keeps, blocks] = [text ? [0.75, 0.9, 1] : [0.3, 0.4, 0.5, 0.65, 0.8, 1], text ? [2, 4] : [1, 2, 4, 8]];
  const distortions = text ? [0.02, 0.035, 0.05, 0.07, 0.1, 0.14, 0.2, 0.3] : [0.1, 0.2, 0.3, 0.45, 0.7];
  const rounded = (x) => Math.round(1000 * x) / 1000;
  return keeps.flatMap((keep) =>
    blocks.flatMap((m) => distortions.map((d) => ({ form, keep: rounded(keep * nonzero), blocks: m, distortion: d }))),
  );
}

export default {
  name: 'literal pipeline (2511.11608)',
  class: 'self-contained',
  about: `${about}; a sum of code lengths, not a stream; tuned over 120 settings (48 for text) on calibration tensors`,
  variants: ['mask', 'csr'].map((form) => ({
    label: form === 'mask' ? 'entropy-coded mask' : 'CSR',
    grid: (statistics) => grid(form, statistics),
  })),
  run,
};
