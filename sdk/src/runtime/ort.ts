/** What onnxruntime-node and onnxruntime-web have in common, and a `Runner` made of it. */
import { SlicerError } from '../codec/errors.js';
import type { ModelSource, Runner, RunnerOptions } from './runner.js';
import { describeType, dimsFit, type ModelTensor, type ModelValue, type OpenDim, type Tensors } from './tensors.js';

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
  /** Runs the model; `fetches` are the outputs wanted, all unless given. */
  run(feeds: Record<string, RuntimeTensor>, fetches?: readonly string[]): Promise<Record<string, RuntimeTensor>>;
  /** Gives the memory back. */
  release(): Promise<void>;
}

/** The part of onnxruntime-node and onnxruntime-web that is used here: their module is one. */
export interface Runtime {
  readonly InferenceSession: {
    /** Opens a model: a path or URL, or its bytes. */
    create(model: string | Uint8Array, options?: Record<string, unknown>): Promise<RuntimeSession>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => RuntimeTensor;
}

/** One thread: results and times that do not depend on the machine's load; errors only as exceptions. */
export const SESSION_OPTIONS = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 } as const;

/**
 * Opens a session, and says which model failed and why when the runtime refuses it.
 *
 * @throws SlicerError `unsupported_feature` naming an operator the runtime lacks, `bad_onnx` otherwise.
 */
export async function openSession(
  runtime: Runtime,
  model: string | Uint8Array,
  label: string,
  options: Record<string, unknown> = {},
): Promise<RuntimeSession> {
  try {
    return await runtime.InferenceSession.create(model, { ...SESSION_OPTIONS, ...options });
  } catch (error) {
    throw refusedModel(label, error);
  }
}

/** Phrases by which ONNX Runtime says that it lacks an operator, each with its name. */
const LACKS = [
  /Fatal error: (\S+?)(?:\(-?\d+\))? is not a registered function\/op/,
  /No Op registered for (\S+) with domain_version of \d+/,
  /Could not find an implementation for ([^\s(]+)/,
  /No opset import for domain '?([^\s']+)/,
];

function refusedModel(label: string, cause: unknown): SlicerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const operator = LACKS.map((pattern) => pattern.exec(reason)?.[1]).find((name) => name !== undefined);
  if (operator === undefined) {
    const advice = 'Check the model with onnx.checker, and that its external data lie beside it.';
    return new SlicerError('bad_onnx', `onnxruntime cannot load ${label}: ${reason}`, { advice, cause });
  }
  return new SlicerError('unsupported_feature', `the runtime lacks the operator '${operator}' that ${label} uses`, {
    advice: `Export the model without it, or use a runtime that has it. The runtime says: ${reason}`,
    cause,
  });
}

/** Opens a model as a `Runner`. */
export async function openRunner(
  name: string,
  runtime: Runtime,
  source: ModelSource,
  options: RunnerOptions,
): Promise<Runner> {
  const { model, data } = typeof source === 'object' && 'model' in source ? source : { model: source, data: undefined };
  const session = await openSession(runtime, model, typeof model === 'string' ? model : 'the model', {
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    ...(options.optimise === false ? { graphOptimizationLevel: 'disabled' } : {}),
    ...(data ? { externalData: Object.entries(data).map(([path, bytes]) => ({ path, data: bytes })) } : {}),
    ...options.session,
  });
  return new OrtRunner(name, runtime, session);
}

/** A session as a `Runner`. */
class OrtRunner implements Runner {
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];

  constructor(
    readonly runtime: string,
    private readonly ort: Runtime,
    private readonly session: RuntimeSession,
  ) {
    this.inputs = session.inputMetadata.map(describe);
    this.outputs = session.outputMetadata.map(describe);
  }

  async run(feeds: Tensors, outputs?: readonly string[]): Promise<Record<string, ModelTensor>> {
    const given = Object.fromEntries(this.inputs.map((input) => [input.name, this.feed(input, feeds[input.name])]));
    const unknown = outputs?.find((name) => !this.outputs.some((output) => output.name === name));
    if (unknown !== undefined) {
      const advice = `Its outputs: ${this.outputs.map((output) => output.name).join(', ')}.`;
      throw new SlicerError('unknown_tensor', `the model has no output '${unknown}'`, { advice });
    }
    try {
      // With an empty list the runtime would compute nothing and say nothing.
      return (await this.session.run(given, outputs)) as Record<string, ModelTensor>;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const advice = 'Check the dims of the inputs; sizes that the model leaves open must agree with each other.';
      throw new SlicerError('model_failed', `the runtime fails on these inputs: ${reason}`, { advice, cause });
    }
  }

  close(): Promise<void> {
    return this.session.release();
  }

  private feed(input: ModelValue, tensor: ModelTensor | undefined): RuntimeTensor {
    const wanted = describeType(input.type, input.dims);
    if (!tensor) throw wrongInput(input.name, `is missing; the model wants ${wanted}`);
    const { type, data, dims } = tensor;
    if ((input.type !== undefined && type !== input.type) || !dimsFit(dims, input.dims)) {
      throw wrongInput(input.name, `is ${describeType(type, dims)}, where the model wants ${wanted}`);
    }
    if (tensor instanceof this.ort.Tensor) return tensor;
    try {
      return new this.ort.Tensor(type, data, dims);
    } catch (cause) {
      throw wrongInput(input.name, cause instanceof Error ? `is refused: ${cause.message}` : 'is refused');
    }
  }
}

function wrongInput(name: string, why: string): SlicerError {
  const advice = 'Pass { type, data, dims } with the typed array that belongs to the type.';
  return new SlicerError('invalid_tensor', `the input '${name}' ${why}`, { advice });
}

function describe({ name, type, shape }: RuntimeMetadata): ModelValue {
  // The runtime gives an unknown rank and a scalar alike as no sizes: only sizes that stand there are believed.
  if (!shape || shape.length === 0) return { name, type, dims: undefined };
  const dims = shape.map((size): OpenDim => ((typeof size === 'number' && size < 0) || size === '' ? null : size));
  return { name, type, dims };
}
