/** Weights that lie in files beside the model: which there are, whether they are whole, and carrying a part of them over. */
import type { FileHandle } from 'node:fs/promises';
import { create } from '@bufbuild/protobuf';
import { onnxError } from './errors.js';
import {
  type ModelProto,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from './gen/onnx_pb.js';
import { bodiesOf } from './graph.js';
import { writeModel } from './model-file.js';

/** A range of an external file. */
export interface ExternalRange {
  readonly location: string;
  readonly offset: number;
  /** `undefined`: to the end of the file. */
  readonly length: number | undefined;
}

/** Where a tensor's data lies outside the model, or `undefined` when they are inside. */
export function externalRange(tensor: TensorProto): ExternalRange | undefined {
  if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) return undefined;
  const entry = (key: string) => tensor.externalData.find((pair) => pair.key === key)?.value;
  const location = entry('location');
  if (!location) {
    throw onnxError('bad_onnx', `the weight '${tensor.name}' is external but names no file`, 'Export the model again.');
  }
  // A model must not make us read, or copy into its parts, files from anywhere else.
  if (/^([a-zA-Z]:|[\\/])/.test(location) || location.split(/[\\/]/).includes('..')) {
    throw onnxError(
      'bad_onnx',
      `the weight '${tensor.name}' lies in '${location}', outside the folder of the model`,
      'Put the data file beside the model and correct its location.',
    );
  }
  const length = entry('length');
  return { location, offset: Number(entry('offset') ?? 0), length: length === undefined ? undefined : Number(length) };
}

/** Every tensor of a model: weights, constants, and those inside bodies and local functions. */
export function allTensors(model: ModelProto): TensorProto[] {
  const found: TensorProto[] = [];
  const graphs = model.graph ? [model.graph] : [];
  const lists = model.functions.map((definition) => definition.node);
  for (const graph of graphs) {
    for (const tensor of graph.initializer) found.push(tensor);
    lists.push(graph.node);
    for (const nodes of lists.splice(0)) {
      for (const node of nodes) {
        for (const attribute of node.attribute) {
          if (attribute.t) found.push(attribute.t);
          for (const tensor of attribute.tensors) found.push(tensor);
        }
        // The outer loop goes on into what is appended here.
        for (const body of bodiesOf(node)) graphs.push(body);
      }
    }
  }
  return found;
}

/** External files of a model with the smallest size each must have. */
export function externalFiles(model: ModelProto): Map<string, number> {
  const files = new Map<string, number>();
  for (const tensor of allTensors(model)) {
    const range = externalRange(tensor);
    if (!range) continue;
    const end = range.offset + (range.length ?? 0);
    files.set(range.location, Math.max(files.get(range.location) ?? 0, end));
  }
  return files;
}

/**
 * Checks that every external file is there and long enough.
 *
 * @throws SlicerError `bad_onnx` naming the file.
 */
export async function checkExternalFiles(model: ModelProto, folder: string): Promise<void> {
  const { stat } = await import('node:fs/promises');
  const { join } = await import('node:path');
  for (const [location, size] of externalFiles(model)) {
    const found = await stat(join(folder, location)).catch(() => undefined);
    if (!found?.isFile()) {
      throw onnxError(
        'bad_onnx',
        `the model keeps weights in '${location}', which is not beside it`,
        `Put '${location}' into ${folder}.`,
      );
    }
    if (found.size < size) {
      throw onnxError(
        'bad_onnx',
        `the weights file '${location}' ends too early: ${size} bytes are needed, ${found.size} are there`,
        'Download or export it again.',
        found.size,
      );
    }
  }
}

/** Weights are aligned so that a runtime can map them. */
const ALIGNMENT = 4096;

/**
 * The bytes of a model part whose external data are copied into one new file, `location` in `targetFolder`. Tensors that
 * share a range keep sharing it. For a part without external data no file is made. `model` is as before afterwards.
 */
export async function writeWithData(
  model: ModelProto,
  folder: string,
  targetFolder: string,
  location: string,
): Promise<{ bytes: Uint8Array; dataFile: boolean }> {
  const tensors = allTensors(model).filter((tensor) => externalRange(tensor));
  if (tensors.length === 0) return { bytes: writeModel(model), dataFile: false };
  const { open } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const before = tensors.map((tensor) => tensor.externalData);
  const target = await open(join(targetFolder, location), 'wx');
  const placed = new Map<string, { start: number; length: number }>();
  let end = 0;
  try {
    for (const tensor of tensors) {
      const range = externalRange(tensor)!;
      const key = `${range.location}:${range.offset}:${range.length}`;
      let place = placed.get(key);
      if (!place) {
        const start = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
        place = { start, length: await copyRange(join(folder, range.location), range, target, start) };
        placed.set(key, place);
        end = start + place.length;
      }
      const entries = { location, offset: `${place.start}`, length: `${place.length}` };
      tensor.externalData = Object.entries(entries).map(([name, value]) =>
        create(StringStringEntryProtoSchema, { key: name, value }),
      );
    }
    return { bytes: writeModel(model), dataFile: true };
  } finally {
    // Head and tail share tensors with the whole model: leave them as they were.
    tensors.forEach((tensor, i) => {
      tensor.externalData = before[i]!;
    });
    await target.close();
  }
}

async function copyRange(path: string, range: ExternalRange, target: FileHandle, start: number): Promise<number> {
  const { open } = await import('node:fs/promises');
  const source = await open(path, 'r');
  try {
    const length = range.length ?? (await source.stat()).size - range.offset;
    const buffer = new Uint8Array(Math.min(length, 1 << 24));
    for (let done = 0; done < length; ) {
      const want = Math.min(buffer.length, length - done);
      const { bytesRead } = await source.read(buffer, 0, want, range.offset + done);
      if (bytesRead === 0) {
        throw onnxError('bad_onnx', `the weights file '${range.location}' ends too early`, 'Export it again.');
      }
      await target.write(buffer, 0, bytesRead, start + done);
      done += bytesRead;
    }
    return length;
  } finally {
    await source.close();
  }
}
