/** Norms, as one operator or spelt out: they scale each channel by a gain, and all by a size that the features tell. */
import type { Graph, GraphNode } from '../onnx/graph.js';
import { attribute } from '../onnx/tensor-info.js';
import type { Passage } from './passages.js';
import { moved, type Place, scaled } from './place.js';
import { type Weights, wrap } from './weights.js';

/** The passage through a norm; a text why it ends there, or `undefined` for operators that are no part of one. */
export async function normStep(
  graph: Graph,
  node: GraphNode,
  place: Place,
  weights: Weights,
): Promise<Passage | string | undefined> {
  const [x, second] = node.proto.input;
  const gainOf = async (name: string | undefined) => (name ? await weights.get(name) : undefined);
  switch (node.opType) {
    case 'BatchNormalization': {
      const [scale, variance] = [await gainOf(second), await gainOf(node.proto.input[4])];
      if (!scale || !variance || scale.data.length !== place.gain.length) return 'its scale is computed';
      const epsilon = attribute(node, 'epsilon')?.f ?? 1e-5;
      const gain = place.gain.map((g, c) => (g * scale.data[c]) / Math.sqrt(variance.data[c] + epsilon));
      return { places: [moved(place, node, { gain })] };
    }
    case 'LayerNormalization':
    case 'RMSNormalization':
    case 'SimplifiedLayerNormalization': {
      const axis = wrap(Number(attribute(node, 'axis')?.i ?? -1), place.rank);
      if (axis !== place.axis || axis !== place.rank - 1) return 'it normalises over something else';
      const gain = await gains(place, await gainOf(second));
      const centred = node.opType === 'LayerNormalization' || place.centred;
      return gain ? { places: [moved(place, node, { gain, normalised: true, centred })] } : 'its scale is computed';
    }
    case 'SkipLayerNormalization':
    case 'SkipSimplifiedLayerNormalization': {
      if (place.axis !== place.rank - 1) return 'it normalises over something else';
      const gain = await gains(place, await gainOf(node.proto.input[2]));
      const centred = node.opType === 'SkipLayerNormalization' || place.centred;
      if (!gain) return 'its scale is computed';
      // The sum itself goes on as well where anything reads it.
      const asItIs = Boolean(node.proto.output[3]);
      return { places: [moved(place, node, { gain, normalised: true, centred })], asItIs };
    }
    case 'InstanceNormalization':
    case 'GroupNormalization':
    case 'LpNormalization':
      return 'it normalises over something else';
    case 'Pow':
    case 'ReduceSumSquare':
    case 'ReduceL2':
      return isStatisticHead(graph, node) ? { places: [] } : 'it is not linear';
    case 'ReduceMean':
      return (await reducesChannels(node, place, weights)) ? { places: [] } : undefined;
    case 'Sub': {
      const takesMean = second !== place.name && second !== undefined && (await isMean(graph, second, place, weights));
      return takesMean ? { places: [moved(place, node, { centred: true })] } : undefined;
    }
    case 'Mul':
    case 'Div': {
      if (x === second) return isStatisticHead(graph, node) ? { places: [] } : 'it is not linear';
      const other = x === place.name ? second! : x!;
      if (node.opType === 'Div' && x !== place.name) return undefined;
      if (!isStatistic(graph, other, place)) return undefined;
      return { places: [moved(place, node, { normalised: true })] };
    }
    default:
      return undefined;
  }
}

function gains(place: Place, scale: { dims: readonly number[]; data: ArrayLike<number> } | undefined) {
  return scale && scaled(place, scale);
}

async function reducesChannels(node: GraphNode, place: Place, weights: Weights): Promise<boolean> {
  const stated = attribute(node, 'axes')?.ints.map(Number) ?? (await weights.integers(node.proto.input[1]));
  // Without axes it reduces all of them, the channels included.
  return !stated || stated.length === 0 || stated.some((axis) => wrap(axis, place.rank) === place.axis);
}

/** Whether a value is the mean of a place over its channels. */
async function isMean(graph: Graph, name: string, place: Place, weights: Weights): Promise<boolean> {
  const producer = graph.values.get(name)?.producer;
  return (
    producer?.opType === 'ReduceMean' &&
    place.names.has(producer.proto.input[0]!) &&
    (await reducesChannels(producer, place, weights))
  );
}

const REDUCES = new Set(['ReduceMean', 'ReduceSum', 'ReduceSumSquare', 'ReduceL2']);
const STATISTIC = new Set([...REDUCES, ...'Pow Mul Add Sub Sqrt Reciprocal Div Cast Identity Clip Max'.split(' ')]);

/** Whether squares of a value go into a mean and nowhere else. */
function isStatisticHead(graph: Graph, node: GraphNode): boolean {
  if (node.opType.startsWith('Reduce')) return true;
  const readers = graph.values.get(node.proto.output[0]!)?.consumers ?? [];
  return readers.length > 0 && readers.every((one) => REDUCES.has(one.opType));
}

/** Whether a value is one size per position, computed from the place alone: 1 ÷ √(mean of squares). */
function isStatistic(graph: Graph, name: string, place: Place): boolean {
  let reduces = false;
  const visit = (value: string, left: number): boolean => {
    if (value === '' || place.names.has(value)) return true;
    const entry = graph.values.get(value);
    if (!entry || entry.role === 'initializer') return entry !== undefined;
    const { producer } = entry;
    if (!producer || left === 0) return false;
    if (producer.opType === 'Constant') return true;
    if (!STATISTIC.has(producer.opType)) return false;
    reduces ||= REDUCES.has(producer.opType);
    return producer.proto.input.every((input) => visit(input, left - 1));
  };
  return visit(name, 12) && reduces;
}
