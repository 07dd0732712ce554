/** An encoder program (appendix B.4) with a fault: `node encoder.mjs FAULT --nrmse 0.1`. Faults are listed in encoders.test.ts. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { encode, SlicerError } from 'slicer-codec';

const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
};
const fault = process.argv[2];
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    nrmse: { type: 'string' },
    'max-error': { type: 'string' },
    bytes: { type: 'string' },
    lossless: { type: 'boolean' },
  },
});

const input = readFileSync(0);
const end = input.indexOf(10);
const [, type, ...words] = input.subarray(0, end).toString('latin1').split(' ');
const data = new ARRAYS[type](new Uint8Array(input.subarray(end + 1)).buffer);
const tensor = { type, dims: words.map(Number), data };

/** What is asked, with faults of budgets in it. */
function budget() {
  if (values.lossless) return { lossless: true };
  const factor = { 'budget-overrun': 1.3, nondeterministic: 1 - (process.hrtime()[1] % 1000) / 2000 }[fault] ?? 1;
  if (values.nrmse) return { nrmse: Number(values.nrmse) * factor };
  if (values['max-error']) return { maxError: Number(values['max-error']) * factor };
  return { bytes: Number(values.bytes) * (fault === 'cap-ignored' ? 2 : 1) };
}

/** Faults of the tensor. */
function spoiltTensor() {
  if (fault === 'dims-reversed') return { ...tensor, dims: tensor.dims.toReversed() };
  // Arithmetic on the way, as a conversion through another type would do it.
  if (fault === 'nan-payloads-lost' && type === 'float32')
    return { ...tensor, data: data.map((x) => (Number.isNaN(x) ? Number.NaN : x)) };
  if (fault === 'zero-signs-lost' && type === 'float32') return { ...tensor, data: data.map((x) => x + 0) };
  return tensor;
}

/** Faults of the stream. */
function spoilt(bytes) {
  const frame = bytes.slice();
  if (fault === 'checksum-missing') frame.fill(0, frame.length - 4);
  if (fault === 'draft-of-yesterday') frame[5] = 1;
  if (fault === 'cut-short') return frame.subarray(0, frame.length - 5);
  return frame;
}

try {
  process.stdout.write(spoilt(encode(spoiltTensor(), { budget: budget() }).bytes));
} catch (error) {
  if (!(error instanceof SlicerError)) throw error;
  process.exitCode = { budget_unreachable: 30, non_finite: fault === 'nan-accepted' ? 0 : 31 }[error.code] ?? 1;
}
