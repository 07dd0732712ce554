/**
 * What reads a tensor: the weights behind a cut, found in the graph. Their Gram matrix G = Σ WᵀW says how much an error
 * in each direction of channel space is amplified by the first operators that mix channels.
 */
import { SlicerError } from '../codec/errors.js';
import { readsShapeOnly } from '../onnx/flow.js';
import type { ModelProto } from '../onnx/gen/onnx_pb.js';
import { buildGraph, type Graph, type GraphNode } from '../onnx/graph.js';
import { nearestNames } from '../onnx/names.js';
import { Gram, trace } from './gram.js';
import { step } from './passages.js';
import { type Place, startPlace } from './place.js';
import { readWeight } from './readers.js';
import { type ExternalReader, Weights } from './weights.js';

/** Weights that read the tensor. */
export interface Reader {
  /** Name and operator of the node; `output` where the model ends. */
  readonly node: string;
  readonly op: string;
  /** Name of the weight; empty for residual sums and outputs, which read every channel as it is. */
  readonly weight: string;
  /** Operators between the cut and the node. */
  readonly via: readonly string[];
  /** Share of the trace of G. */
  readonly share: number;
}

/** A way that ended before any weight. */
export interface Stop {
  readonly node: string;
  readonly op: string;
  readonly reason: string;
}

/** What reads the tensor. */
export interface Consumers {
  readonly channels: number;
  /** channels × channels, row by row, trace = channels; absent where no weights were found. */
  readonly gram?: Float64Array;
  readonly readers: readonly Reader[];
  readonly stops: readonly Stop[];
}

/** Options of {@link findConsumers}. */
export interface ConsumerOptions {
  /** Dims of the tensor: only the rank and the channels matter. */
  dims: readonly number[];
  /** Axis of the channels; default 1 from rank 4 on, else the last. */
  axis?: number;
  /** Mean square of the tensor's values: what a norm divides by. Default 1. */
  meanSquare?: number;
  /** Reads weights that lie beside the model. */
  external?: ExternalReader;
}

/** Values looked at before the search ends: what lies farther than this is no direct consumer. */
const MOST_PLACES = 256;

/** A reader before the shares are known. */
interface Found extends Omit<Reader, 'share'> {
  gram: Float64Array;
  weigh: number;
}

/**
 * Finds the weights that read a tensor, through operators that keep channels apart (norms, scalings, pooling,
 * transpositions, residual sums). Ways that end in a non-linearity are reported as stops.
 *
 * @throws SlicerError `unknown_tensor`, `bad_onnx`.
 */
export async function findConsumers(
  model: ModelProto | Graph,
  tensor: string,
  options: ConsumerOptions,
): Promise<Consumers> {
  const graph = 'nodes' in model ? model : buildGraph(model);
  if (!graph.values.has(tensor)) {
    const near = nearestNames(tensor, [...graph.values.keys()]);
    const advice = `Its inputs: ${graph.inputs.join(', ')}.${near.length > 0 ? ` Similar names: ${near.join(', ')}.` : ''}`;
    throw new SlicerError('unknown_tensor', `The model has no tensor '${tensor}'.`, { advice });
  }
  const rank = options.dims.length;
  const axis = options.axis ?? (rank >= 4 ? 1 : rank - 1);
  const channels = options.dims[axis];
  const weights = new Weights(graph, options.external);
  const found: Found[] = [];
  const stops: Stop[] = [];

  const queue: Place[] = [startPlace(tensor, channels, axis, rank)];
  const seen = new Set<string>();
  while (queue.length > 0) {
    const place = queue.shift()!;
    if (seen.has(place.name) || seen.size >= MOST_PLACES) continue;
    seen.add(place.name);
    if (graph.outputs.includes(place.name)) found.push(asItIs(place, 'output', 'Output', options.meanSquare));
    for (const node of graph.values.get(place.name)?.consumers ?? []) {
      if (readsShapeOnly(node)) continue;
      const stop = (reason: string) => stops.push({ node: node.label, op: node.opType, reason });
      const read = await readWeight(node, place, weights);
      if (typeof read === 'string') stop(read);
      else if (read) {
        found.push(reader(node, place, read.weight, read.gram, options.meanSquare));
      } else {
        const next = await step(graph, node, place, weights);
        if (typeof next === 'string') stop(next);
        else {
          if (next.asItIs) found.push(asItIs(place, node.label, node.opType, options.meanSquare));
          queue.push(...next.places);
        }
      }
    }
  }
  return summed(channels, found, stops);
}

function reader(node: GraphNode, place: Place, weight: string, gram: Gram, meanSquare = 1): Found {
  const weigh = place.normalised ? 1 / meanSquare : 1;
  return { node: node.label, op: node.opType, weight, via: place.via, gram: gram.matrix(), weigh };
}

/** A reader that takes every channel as it is. */
function asItIs(place: Place, node: string, op: string, meanSquare = 1): Found {
  const gram = new Gram(place.gain.length);
  gram.addDiagonal(place.gain.map((g) => g * g));
  const weigh = place.normalised ? 1 / meanSquare : 1;
  return { node, op, weight: '', via: place.via, gram: gram.matrix(), weigh };
}

function summed(channels: number, found: readonly Found[], stops: readonly Stop[]): Consumers {
  const sum = new Float64Array(channels * channels);
  for (const { gram, weigh } of found) for (let i = 0; i < sum.length; i++) sum[i] += weigh * gram[i];
  const total = trace(sum, channels);
  const readers = found.map(({ gram, weigh, ...rest }) => ({
    ...rest,
    share: total > 0 ? (weigh * trace(gram, channels)) / total : 0,
  }));
  // Sums and outputs alone weigh every channel the same: that is no better than no weights.
  const useful = readers.some((one) => one.weight !== '') && total > 0 && Number.isFinite(total);
  return { channels, ...(useful ? { gram: sum.map((x) => (x * channels) / total) } : {}), readers, stops };
}
