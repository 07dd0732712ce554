/** The model that reads the tensor: its graph, its weights, its tail. */
import { SlicerError } from '../codec/errors.js';
import { buildGraph, cut, type Graph, type ModelProto, readModel, writeModel } from '../onnx/index.js';
import { type Consumers, findConsumers } from './consumers.js';
import type { Item } from './features.js';
import type { Gathered } from './gather.js';
import { startsAt, Tail } from './tail.js';
import type { ExternalReader } from './weights.js';

/** Where the model is, and what of it is meant. */
export interface ModelSource {
  /** The model that reads the tensor: its tail, or the whole. */
  model?: Uint8Array | ModelProto;
  /** Where the model lies: a tail with weights beside it can then run. */
  modelPath?: string;
  /** Name of the tensor in the model; its only input unless given. */
  tensor?: string;
  /** Reads weights that lie beside the model. */
  external?: ExternalReader;
  /** Output of the model whose softmax is compared; the first unless given. */
  output?: string;
  /** Judge by running the model; true unless given, where onnxruntime-node and the model allow it. */
  runTail?: boolean;
}

/**
 * The graph of the model, if one was given.
 *
 * @throws SlicerError `invalid_option` where it is not clear which tensor is meant.
 */
export function graphOf({ model, tensor }: ModelSource): Graph | undefined {
  if (!model) return undefined;
  const graph = buildGraph(model instanceof Uint8Array ? readModel(model) : model);
  if (tensor === undefined && graph.inputs.length !== 1) {
    const message = `The model has ${graph.inputs.length} inputs, and no tensor was named.`;
    throw new SlicerError('invalid_option', message, { advice: `Its inputs: ${graph.inputs.join(', ')}.` });
  }
  return graph;
}

/** The weights that read the tensor. */
export async function consumersOf(
  graph: Graph,
  { view, dims, calibrator }: Gathered,
  { tensor, external }: ModelSource,
): Promise<Consumers> {
  const { mean, sigma } = calibrator.statistics();
  const meanSquare = mean.reduce((sum, m, c) => sum + m * m + sigma[c] ** 2, 0) / view.channels;
  const name = tensor ?? graph.inputs[0];
  // A sequence may have lost its leading axis on the way into a file.
  const lost = Math.max(0, (rankOf(graph, name) ?? dims.length) - dims.length);
  const full = [...new Array<number>(lost).fill(1), ...dims];
  return findConsumers(graph, name, { dims: full, axis: view.axis + lost, meanSquare, external });
}

function rankOf(graph: Graph, tensor: string): number | undefined {
  const info = graph.valueInfo.get(tensor);
  return info?.type?.value.case === 'tensorType' ? info.type.value.value.shape?.dim.length : undefined;
}

/** The tail, ready to run, or why it cannot. */
export async function tailOf(
  graph: Graph | undefined,
  sample: Item,
  options: ModelSource,
): Promise<{ tail?: Tail; why?: string }> {
  if (!graph || options.model === undefined) return { why: 'no model was given' };
  if (options.runTail === false) return { why: 'not asked for' };
  try {
    const name = options.tensor ?? graph.inputs[0];
    const whole = startsAt(graph, name) ? (options.modelPath ?? modelBytes(options.model)) : undefined;
    const tail = await Tail.open(whole ?? cut(graph.model, name).tail, name, options.output);
    try {
      await tail.run(sample, sample.data);
      return { tail };
    } catch (error) {
      await tail.close();
      throw error;
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'unknown_tensor' || options.runTail === true) throw error;
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function modelBytes(model: Uint8Array | ModelProto): Uint8Array {
  return model instanceof Uint8Array ? model : writeModel(model);
}
