/** onnxruntime-node, loaded only when something must run: it is large, native, and an optional peer of this package. */
import { create } from '@bufbuild/protobuf';
import { onnxError } from './errors.js';
import { externalFiles } from './external-data.js';
import { type ModelProto, ValueInfoProtoSchema } from './gen/onnx_pb.js';
import { writeModel } from './model-file.js';
import type { TensorInfo } from './tensor-info.js';

/** A tensor as ONNX Runtime has it. */
export interface RuntimeTensor {
  readonly type: string;
  readonly data: ArrayLike<number> | ArrayLike<bigint> | string[];
  readonly dims: readonly number[];
}

/** What ONNX Runtime says of an input or output. */
export interface RuntimeMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: ReadonlyArray<number | string>;
}

/** The part of an inference session that is used here. */
export interface RuntimeSession {
  readonly inputMetadata: readonly RuntimeMetadata[];
  readonly outputMetadata: readonly RuntimeMetadata[];
  run(feeds: Record<string, RuntimeTensor>, fetches?: readonly string[]): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}

/** The part of onnxruntime-node that is used here. */
export interface Runtime {
  readonly InferenceSession: {
    create(model: string | Uint8Array, options?: Record<string, unknown>): Promise<RuntimeSession>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => RuntimeTensor;
}

/** One thread: results and times that do not depend on the machine's load; errors only on standard error. */
export const SESSION_OPTIONS = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 } as const;

/**
 * Loads onnxruntime-node from where the caller's program can see it.
 *
 * @throws SlicerError `invalid_option` when it is not installed.
 */
export async function loadRuntime(): Promise<Runtime> {
  // A name in a variable: neither bundlers nor the type checker need to have the package.
  const name = 'onnxruntime-node';
  try {
    const module = (await import(name)) as Runtime & { default?: Runtime };
    return module.default ?? module;
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw onnxError(
      'invalid_option',
      missing ? 'running a model needs onnxruntime-node, which is not installed' : `onnxruntime-node fails: ${reason}`,
      'Run `npm install onnxruntime-node`, or leave the check out (verify: false, --no-verify).',
    );
  }
}

/** Opens a session, and says which model failed and why when the runtime refuses it. */
export async function openSession(
  runtime: Runtime,
  model: string | Uint8Array,
  label: string,
  options: Record<string, unknown> = {},
): Promise<RuntimeSession> {
  try {
    return await runtime.InferenceSession.create(model, { ...SESSION_OPTIONS, ...options });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw onnxError('bad_onnx', `onnxruntime cannot load ${label}: ${reason}`, 'See the operator it names, if any.');
  }
}

/**
 * Runs `use` with a session of the model in which the values `names` are outputs too. Nothing is optimised away, so each
 * is as the file has it. For a model with external data, `folder` says where those lie.
 */
export async function withExposed<T>(
  runtime: Runtime,
  model: ModelProto,
  names: readonly string[],
  folder: string | undefined,
  use: (session: RuntimeSession) => Promise<T>,
): Promise<T> {
  const graph = model.graph!;
  const outputs = graph.output;
  const present = new Set(outputs.map((output) => output.name));
  const added = names.filter((name) => !present.has(name));
  graph.output = [...outputs, ...added.map((name) => create(ValueInfoProtoSchema, { name }))];
  let bytes: Uint8Array;
  try {
    bytes = writeModel(model);
  } finally {
    graph.output = outputs;
  }
  const options = { graphOptimizationLevel: 'disabled' };
  const files = [...externalFiles(model).keys()];
  if (files.length === 0 || folder === undefined) {
    return closing(await openSession(runtime, bytes, 'the model', options), use);
  }
  const { writeFile, rm } = await import('node:fs/promises');
  const { join } = await import('node:path');
  // The runtime looks for external data beside the model file, so the changed model has to lie there for a moment.
  const path = join(folder, `.slicer-${process.pid}-${Date.now()}.onnx`);
  try {
    await writeFile(path, bytes, { flag: 'wx' });
    return await closing(await openSession(runtime, path, 'the model', options), use);
  } finally {
    await rm(path, { force: true });
  }
}

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
