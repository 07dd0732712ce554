/** Asking onnxruntime-node about a model: values exposed as outputs, types and sizes it infers. */
import { create } from '@bufbuild/protobuf';
import { openSession, type Runtime, type RuntimeSession } from '../runtime/ort.js';
import { loadRuntime } from '../runtime/ort-node.js';
import { externalFiles } from './external-data.js';
import { type ModelProto, type ValueInfoProto, ValueInfoProtoSchema } from './gen/onnx_pb.js';
import { writeModel } from './model-file.js';
import type { TensorInfo } from './tensor-info.js';

/**
 * Runs `use` with a session of the model in which the values `names` are outputs too. Nothing is optimised away, so each
 * is as the file has it. For a model with external data, `folder` says where those lie.
 * `inputs` stand for those of the file, say with sizes filled in.
 */
export async function withExposed<T>(
  runtime: Runtime,
  model: ModelProto,
  names: readonly string[],
  folder: string | undefined,
  use: (session: RuntimeSession) => Promise<T>,
  inputs?: readonly ValueInfoProto[],
): Promise<T> {
  const graph = model.graph!;
  const { input, output: outputs } = graph;
  const present = new Set(outputs.map((output) => output.name));
  const added = names.filter((name) => !present.has(name));
  graph.output = [...outputs, ...added.map((name) => create(ValueInfoProtoSchema, { name }))];
  const fixed = new Map(inputs?.map((value) => [value.name, value]));
  graph.input = input.map((value) => fixed.get(value.name) ?? value);
  let bytes: Uint8Array;
  try {
    bytes = writeModel(model);
  } finally {
    graph.input = input;
    graph.output = outputs;
  }
  const files = [...externalFiles(model).keys()];
  if (files.length === 0 || folder === undefined) {
    return closing(await openSession(runtime, bytes, 'the model', INSPECTION), use);
  }
  const { readFile, writeFile, rm } = await import('node:fs/promises');
  const { join } = await import('node:path');
  // The runtime looks for external data beside the model file, so the changed model has to lie there for a moment.
  const path = join(folder, `.slicer-${process.pid}-${Date.now()}.onnx`);
  try {
    await writeFile(path, bytes, { flag: 'wx' });
  } catch {
    // A folder that cannot be written to: then the data have to be handed over in memory.
    const externalData = [];
    for (const file of files) externalData.push({ path: file, data: await readFile(join(folder, file)) });
    return closing(await openSession(runtime, bytes, 'the model', { ...INSPECTION, externalData }), use);
  }
  try {
    return await closing(await openSession(runtime, path, 'the model', INSPECTION), use);
  } finally {
    await rm(path, { force: true });
  }
}

/** Values as the file has them, and weights left where they are mapped: repacking them would take their memory again. */
const INSPECTION = {
  graphOptimizationLevel: 'disabled',
  enableCpuMemArena: false,
  extra: { session: { disable_prepacking: '1' } },
};

async function closing<T>(session: RuntimeSession, use: (session: RuntimeSession) => Promise<T>): Promise<T> {
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

/** What the runtime infers of values without running the model. Values it knows no type of are left out. */
export async function describeValues(
  model: ModelProto,
  names: readonly string[],
  folder?: string,
): Promise<Map<string, TensorInfo>> {
  const runtime = await loadRuntime();
  return withExposed(runtime, model, names, folder, async (session) => {
    const known = new Map<string, TensorInfo>();
    for (const entry of [...session.inputMetadata, ...session.outputMetadata]) {
      if (!entry.isTensor || !entry.type) continue;
      // The runtime gives an unknown rank and a scalar alike as no sizes: only sizes that stand there are believed.
      const sizes = entry.shape && entry.shape.length > 0 ? entry.shape : undefined;
      const dims = sizes?.map((size) => ((typeof size === 'number' && size < 0) || size === '' ? null : size)) ?? null;
      known.set(entry.name, { name: entry.name, type: entry.type, dims });
    }
    return known;
  });
}
