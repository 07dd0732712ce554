/** A model that can be run, whatever runs it. */
import type { ModelTensor, ModelValue, Tensors } from './tensors.js';

/** A model's bytes, or where they are: a path for onnxruntime-node, a URL for onnxruntime-web. */
export type ModelSource =
  | string
  | Uint8Array
  | {
      readonly model: string | Uint8Array;
      /** Files of external weights by the name the model has for them; onnxruntime-web cannot find them by itself. */
      readonly data?: Readonly<Record<string, string | Uint8Array>>;
    };

/** How a model is run. */
export interface RunnerOptions {
  /** Threads inside an operator; 1 unless given, so that times and results do not depend on the machine's load. */
  threads?: number;
  /** Whether the runtime may fuse and rewrite operators; true unless given. */
  optimise?: boolean;
  /** Further options of the runtime's session, as it names them (`executionProviders`, `extra`, …). */
  session?: Readonly<Record<string, unknown>>;
}

/** One opened model. Calls of `run` may overlap where the runtime allows it. */
export interface Runner {
  /** What runs the model: `'onnxruntime-node'`, `'onnxruntime-web'`. */
  readonly runtime: string;
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  /**
   * Runs the model. Inputs that the model does not have are passed over, so that one set of tensors can feed several
   * parts. The data of the results are the runtime's own buffers: they are encoded from without a copy.
   *
   * @param outputs - names of the outputs wanted; all unless given.
   * @throws SlicerError `invalid_tensor` for an input that is missing or of another type or other dims, `model_failed`
   *   where the runtime fails on it.
   */
  run(feeds: Tensors, outputs?: readonly string[]): Promise<Record<string, ModelTensor>>;
  /** Gives the model's memory back. */
  close(): Promise<void>;
}

/** Opens models with one runtime. */
export type OpenRunner = (model: ModelSource, options?: RunnerOptions) => Promise<Runner>;
