/** Inputs of a model from files: `FILE.npy` for a model with one input, `NAME=FILE.npy` otherwise. */
import { SlicerError } from '../codec/errors.js';
import { readNpy, readNpyHeader } from '../npy/index.js';
import type { ModelTensor } from '../runtime/tensors.js';
import { readInput } from './files.js';

/** Reads the files, by the name of the input; the only input of a model has the name ''. */
export async function readSupplied(args: readonly string[]): Promise<Record<string, ModelTensor[]>> {
  const supplied: Record<string, ModelTensor[]> = {};
  for (const text of args) {
    const at = text.indexOf('=');
    const [name, path] = at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
    supplied[name] ??= [];
    supplied[name].push(await readArray(path));
  }
  return supplied;
}

/** Types that models take and frames do not: token ids and masks. */
const MORE: Readonly<
  Record<string, [type: string, bytes: number, view: (buffer: ArrayBuffer) => ModelTensor['data']]>
> = {
  '<i8': ['int64', 8, (buffer) => new BigInt64Array(buffer)],
  '|b1': ['bool', 1, (buffer) => new Uint8Array(buffer)],
  '<f8': ['float64', 8, (buffer) => new Float64Array(buffer)],
};

async function readArray(path: string): Promise<ModelTensor> {
  const bytes = await readInput(path);
  try {
    const { descr, shape, fortranOrder, dataOffset } = readNpyHeader(bytes);
    const more = MORE[descr];
    if (!more || fortranOrder) return readNpy(bytes);
    const [type, width, view] = more;
    const length = width * shape.reduce((n, d) => n * d, 1);
    if (bytes.length - dataOffset !== length) {
      const message = `The shape (${shape.join(', ')}) needs ${length} bytes of data; the file has ${bytes.length - dataOffset}.`;
      throw new SlicerError('truncated', message, { offset: bytes.length });
    }
    return { type, data: view(new Uint8Array(bytes.subarray(dataOffset)).buffer), dims: shape };
  } catch (error) {
    if (!(error instanceof SlicerError) || error.message.includes(path)) throw error;
    const { code, offset, advice } = error;
    throw new SlicerError(code, `${path}: ${error.message}`, { offset, advice, cause: error });
  }
}
