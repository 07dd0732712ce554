/** Reading and writing model files: bytes ↔ message, with a clear refusal of everything that is no complete model. */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { onnxError } from './errors.js';
import { type ModelProto, ModelProtoSchema } from './gen/onnx_pb.js';

/**
 * Parses the bytes of an ONNX file. Fields this version does not know are kept, so that writing an untouched model
 * gives the same bytes again. Tensor data are views into `bytes`, not copies: do not change `bytes` afterwards.
 *
 * @throws SlicerError `bad_onnx` with the offset of the damage where it is known.
 */
export function readModel(bytes: Uint8Array, label = 'the file'): ModelProto {
  checkLooksLikeOnnx(bytes, label);
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw onnxError('bad_onnx', `${label} is not a readable ONNX model: ${reason}`, 'Export or download it again.');
  }
  if (!model.graph || model.graph.output.length === 0) {
    const what = model.graph ? 'its graph has no outputs' : 'it holds no graph';
    throw onnxError('bad_onnx', `${label} is not an ONNX model: ${what}`, 'Check that this is the .onnx file itself.');
  }
  if (model.opsetImport.length === 0) {
    throw onnxError(
      'bad_onnx',
      `${label} names no operator set, as a file that was cut off after its graph does`,
      'Export or download it again.',
      bytes.length,
    );
  }
  return model;
}

/** The bytes of a model. */
export function writeModel(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}

const VARINT = 0;
const BYTES = 2;
/** Wire types of the fields of ModelProto. */
const MODEL_FIELDS = new Map([
  [1, VARINT],
  [2, BYTES],
  [3, BYTES],
  [4, BYTES],
  [5, VARINT],
  [6, BYTES],
  [7, BYTES],
  [8, BYTES],
  [14, BYTES],
  [20, BYTES],
  [25, BYTES],
  [26, BYTES],
]);

/** Walks the outermost fields only: tells other file types and cut-off files apart, with an offset for the latter. */
function checkLooksLikeOnnx(bytes: Uint8Array, label: string): void {
  if (bytes.length === 0) throw onnxError('bad_onnx', `${label} is empty`, 'Export or download it again.');
  const other = otherFileType(bytes);
  if (other) throw onnxError('bad_onnx', `${label} is not an ONNX model but ${other[0]}`, other[1]);
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const key = readVarint(bytes, at);
    if (!key) throw truncated(label, start, 'inside a field number');
    at = key.end;
    const field = Math.floor(key.value / 8);
    const wire = key.value % 8;
    const known = MODEL_FIELDS.get(field);
    if (field === 0 || (known !== undefined && known !== wire) || (known === undefined && start === 0)) {
      throw onnxError(
        'bad_onnx',
        `${label} is not an ONNX model: at byte ${start} stands field ${field} of wire type ${wire}`,
        'Check that this is the .onnx file itself, whole and uncompressed.',
        start,
      );
    }
    if (wire === VARINT || wire === BYTES) {
      const number = readVarint(bytes, at);
      if (!number) throw truncated(label, start, `inside field ${field}`);
      at = number.end;
      if (wire === BYTES) {
        const left = bytes.length - at;
        if (number.value > left) {
          const what = field === 7 ? 'the graph' : `field ${field}`;
          throw truncated(label, start, `${what} should take ${number.value} bytes and ${left} are there`);
        }
        at += number.value;
      }
    } else if (wire === 1 || wire === 5) {
      at += wire === 1 ? 8 : 4;
      if (at > bytes.length) throw truncated(label, start, `inside field ${field}`);
    } else {
      throw onnxError(
        'bad_onnx',
        `${label} is damaged: wire type ${wire} at byte ${start}`,
        'Download it again.',
        start,
      );
    }
  }
}

function truncated(label: string, offset: number, what: string) {
  return onnxError(
    'bad_onnx',
    `${label} ends too early: ${what} (from byte ${offset})`,
    'The file is cut off; export or download it again.',
    offset,
  );
}

function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10 && start + i < bytes.length; i++) {
    const byte = bytes[start + i]!;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: start + i + 1 };
  }
  return undefined;
}

/** What people hand over by mistake, as [description, advice]. */
function otherFileType(bytes: Uint8Array): [string, string] | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (text(0, 15) === 'version https:/') {
    return ['a Git LFS pointer', 'Fetch the file itself with `git lfs pull`.'];
  }
  if (text(0, 4) === 'PK\x03\x04') return ['a zip archive', 'Unpack it, or export the PyTorch model to ONNX first.'];
  if (text(0, 2) === '\x1f\x8b') return ['a gzip file', 'Unpack it first.'];
  if (text(4, 8) === 'ORTM') return ['an ONNX Runtime (.ort) model', 'Use the .onnx file that it was made from.'];
  if (text(4, 8) === 'TFL3') return ['a TensorFlow Lite model', 'Convert it to ONNX first.'];
  if (text(0, 4) === 'GGUF') return ['a GGUF model', 'Export the model to ONNX first.'];
  if (/^\s*[{<]/.test(text(0, 16))) return ['a text file', 'Check that the download gave the file and not a web page.'];
  return undefined;
}
