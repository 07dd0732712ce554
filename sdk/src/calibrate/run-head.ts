/** Features out of raw inputs: the part of a model before the cut, run row by row. Needs onnxruntime-node. */
import { SlicerError } from '../codec/errors.js';
import type { DType, Tensor } from '../codec/types.js';
import { cut, loadRuntime, type ModelProto } from '../onnx/index.js';
import { openSession, type RuntimeTensor } from '../runtime/ort.js';

/**
 * Cuts a model at a tensor and gives what its head computes for every row of the inputs, one tensor a row.
 *
 * @throws SlicerError `invalid_option` where the runtime is missing or the model has several inputs.
 */
export async function* runHead(
  model: Uint8Array | ModelProto,
  tensor: string,
  inputs: Iterable<Tensor> | AsyncIterable<Tensor>,
): AsyncGenerator<Tensor> {
  const runtime = await loadRuntime();
  const session = await openSession(runtime, cut(model, tensor).head, 'the head');
  try {
    const names = session.inputMetadata.map((input) => input.name);
    if (names.length !== 1) {
      throw new SlicerError('invalid_option', `The model has ${names.length} inputs: ${names.join(', ')}.`, {
        advice: 'Run its head yourself, save the tensors with numpy.save, and give those as features.',
      });
    }
    for await (const { type, data, dims } of inputs) {
      if (dims.length === 0) {
        throw new SlicerError('invalid_tensor', 'An input is a single number.', {
          advice: 'Give arrays whose first axis are the inputs.',
        });
      }
      const values = data as unknown as { length: number; subarray(from: number, to: number): unknown };
      const size = values.length / dims[0];
      for (let row = 0; row < dims[0]; row++) {
        const part = values.subarray(row * size, (row + 1) * size);
        const feeds = { [names[0]]: new runtime.Tensor(type, part, [1, ...dims.slice(1)]) };
        const { [tensor]: found } = await session.run(feeds, [tensor]);
        yield asTensor(found);
      }
    }
  } finally {
    await session.release();
  }
}

function asTensor(found: RuntimeTensor): Tensor {
  return { type: found.type as DType, data: found.data as unknown as ArrayBufferView, dims: [...found.dims] };
}
