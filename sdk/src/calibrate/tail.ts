/** Running the rest of a model on changed features, to see what becomes of its answers. Needs onnxruntime-node. */
import { SlicerError } from '../codec/errors.js';
import { divergence } from '../eval/kl.js';
import { type Graph, loadRuntime } from '../onnx/index.js';
import { openSession, type Runtime, type RuntimeSession } from '../runtime/ort.js';
import type { Item } from './features.js';

/** Numbers of reference answers that are kept rather than computed again: 1 GiB. */
const MOST_KEPT = 2 ** 28;

/** Answers of a tail for features that were coded, against those for the features as they were. */
export class Tail {
  private readonly references = new Map<Item, Float32Array>();
  private kept = 0;

  private constructor(
    private readonly runtime: Runtime,
    private readonly session: RuntimeSession,
    private readonly tensor: string,
    /** The output whose softmax is compared. */
    readonly output: string,
  ) {}

  /**
   * Opens a model that starts at the tensor.
   *
   * @throws SlicerError `invalid_option` where the runtime is missing or the model needs other inputs too.
   */
  static async open(model: string | Uint8Array, tensor: string, output?: string): Promise<Tail> {
    const runtime = await loadRuntime();
    const session = await openSession(runtime, model, 'the tail');
    const others = session.inputMetadata.filter((input) => input.name !== tensor).map((input) => input.name);
    if (others.length > 0) {
      await session.release();
      throw new SlicerError('invalid_option', `The tail needs other inputs than the tensor: ${others.join(', ')}.`, {
        advice: 'Give a tail that starts at the tensor alone, or calibrate without running it.',
      });
    }
    const names = session.outputMetadata.map((one) => one.name);
    if (output !== undefined && !names.includes(output)) {
      await session.release();
      throw new SlicerError('unknown_tensor', `The tail has no output '${output}'.`, {
        advice: `Its outputs: ${names.join(', ')}.`,
      });
    }
    return new Tail(runtime, session, tensor, output ?? names[0]);
  }

  /** KL of the answers, mean over the item's positions, and the share that stays the same. */
  async judge(item: Item, data: Float32Array): Promise<{ kl: number; agreement: number }> {
    let reference = this.references.get(item);
    if (!reference) {
      reference = (await this.run(item, item.data)).data;
      this.kept += reference.length;
      if (this.kept <= MOST_KEPT) this.references.set(item, reference);
    }
    const { data: changed, classes } = await this.run(item, data);
    return divergence(reference, changed, classes);
  }

  /** The chosen output for some features, and its last axis. */
  async run(item: Item, data: Float32Array): Promise<{ data: Float32Array; classes: number }> {
    const feeds = { [this.tensor]: new this.runtime.Tensor('float32', data, item.dims) };
    const { [this.output]: answer } = await this.session.run(feeds, [this.output]);
    if (answer.type !== 'float32') {
      throw new SlicerError('invalid_option', `The output '${this.output}' is ${answer.type}, which is no logits.`, {
        advice: 'Name an output of float32 whose last axis are classes.',
      });
    }
    return { data: answer.data as Float32Array, classes: answer.dims.at(-1) ?? answer.data.length };
  }

  async close(): Promise<void> {
    await this.session.release();
  }
}

/** Whether a graph starts at a tensor: its only input that is no weight. */
export function startsAt(graph: Graph, tensor: string): boolean {
  return graph.inputs.length === 1 && graph.inputs[0] === tensor;
}
