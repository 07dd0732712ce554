/** Operators that keep the channels of a value apart: where the channels are behind them, or why the way ends there. */
import type { Graph, GraphNode } from '../onnx/graph.js';
import { attribute, tensorInfo } from '../onnx/tensor-info.js';
import { normStep } from './norms.js';
import { moved, type Place, scaled } from './place.js';
import { type Weights, wrap } from './weights.js';

/** Where a way goes on; `asItIs`: the node itself reads every channel unchanged, as a residual sum does. */
export interface Passage {
  readonly places: readonly Place[];
  readonly asItIs?: boolean;
}

/** Operators that change no value, or only slightly. */
const SAME = new Set('Identity Cast Dropout QuantizeLinear DequantizeLinear Neg Pad Resize Upsample'.split(' '));
/** Operators whose output is no linear function of their input. */
const BENT = new Set(
  (
    'Relu LeakyRelu PRelu Clip Sigmoid HardSigmoid HardSwish Swish Mish Elu Selu Celu Gelu FastGelu QuickGelu BiasGelu ' +
    'Tanh Erf Exp Log Sqrt Softmax LogSoftmax Softplus Softsign ThresholdedRelu MaxPool GlobalMaxPool Max Min Abs'
  ).split(' '),
);

/** Follows one node from a place that it reads. */
export async function step(graph: Graph, node: GraphNode, place: Place, weights: Weights): Promise<Passage | string> {
  const { opType } = node;
  if (node.captures.includes(place.name)) return 'a body reads it';
  const norm = await normStep(graph, node, place, weights);
  if (norm !== undefined) return norm;
  if (SAME.has(opType)) return { places: [moved(place, node)] };
  if (BENT.has(opType)) return 'it is not linear';
  switch (opType) {
    case 'Add':
    case 'Sum':
    case 'Sub':
      return sum(node, place, weights);
    case 'Mul':
    case 'Div':
      return product(node, place, weights);
    case 'GlobalAveragePool':
    case 'AveragePool':
      return { places: [moved(place, node)] };
    case 'ReduceMean':
    case 'ReduceSum':
      return reduction(node, place, weights);
    case 'Transpose':
      return transposition(node, place);
    case 'Flatten':
    case 'Reshape':
    case 'Squeeze':
    case 'Unsqueeze':
      return reshape(graph, node, place, weights);
    case 'Concat':
      return concatenation(graph, node, place);
    case 'Slice':
    case 'Gather':
    case 'Split':
      return selection(node, place, weights);
    default:
      return `${opType} is not known here`;
  }
}

async function sum(node: GraphNode, place: Place, weights: Weights): Promise<Passage | string> {
  const others = node.proto.input.filter((name) => name !== place.name);
  for (const name of others) {
    // Something computed is added: a residual sum, which reads the channels as they are.
    if (!(await weights.get(name))) return { places: [], asItIs: true };
  }
  return { places: [moved(place, node)] };
}

async function product(node: GraphNode, place: Place, weights: Weights): Promise<Passage | string> {
  const [left, right] = node.proto.input;
  const other = left === place.name ? right! : left!;
  const factor = other === place.name ? undefined : await weights.get(other);
  if (!factor) return 'it multiplies by something computed';
  const divides = node.opType === 'Div';
  if (divides && left !== place.name) return 'it is not linear';
  const gain = scaled(place, factor, divides);
  return gain ? { places: [moved(place, node, { gain })] } : 'its factor does not vary with the channels alone';
}

async function axesOf(node: GraphNode, place: Place, weights: Weights): Promise<number[] | undefined> {
  const stated = attribute(node, 'axes')?.ints.map(Number) ?? (await weights.integers(node.proto.input[1]));
  return stated?.map((axis) => wrap(axis, place.rank));
}

async function reduction(node: GraphNode, place: Place, weights: Weights): Promise<Passage | string> {
  const axes = await axesOf(node, place, weights);
  if (!axes || axes.length === 0 || axes.includes(place.axis)) return 'it sums over the channels';
  if (Number(attribute(node, 'keepdims')?.i ?? 1) === 1) return { places: [moved(place, node)] };
  const axis = place.axis - axes.filter((one) => one < place.axis).length;
  return { places: [moved(place, node, { axis, rank: place.rank - axes.length })] };
}

function transposition(node: GraphNode, place: Place): Passage {
  const perm = attribute(node, 'perm')?.ints.map(Number);
  const axis = perm && perm.length > 0 ? perm.indexOf(place.axis) : place.rank - 1 - place.axis;
  return { places: [moved(place, node, { axis })] };
}

async function reshape(graph: Graph, node: GraphNode, place: Place, weights: Weights): Promise<Passage | string> {
  if (place.merged || place.offset !== 0) return 'it rearranges the channels';
  const last = place.rank - 1;
  if (node.opType === 'Squeeze' || node.opType === 'Unsqueeze') {
    const axes = await axesOf(node, place, weights);
    if (!axes) return 'its axes are computed';
    const squeezes = node.opType === 'Squeeze';
    const rank = place.rank + (squeezes ? -axes.length : axes.length);
    let { axis } = place;
    if (squeezes) axis -= axes.filter((one) => one < place.axis).length;
    else for (const one of axes.map((a) => wrap(a, rank)).sort((a, b) => a - b)) if (one <= axis) axis++;
    return { places: [moved(place, node, { axis, rank })] };
  }
  const split = node.opType === 'Flatten' ? wrap(Number(attribute(node, 'axis')?.i ?? 1), place.rank) : undefined;
  const known = tensorInfo(graph, node.proto.output[0]!)?.dims;
  const shape = split === undefined ? await weights.integers(node.proto.input[1]) : undefined;
  const dims = shape ?? known?.map((d) => (typeof d === 'number' ? d : -1));
  const rank = split === undefined ? dims?.length : 2;
  if (rank === undefined) return 'its shape is computed';
  const channels = place.gain.length;
  const joins = place.axis === 1 || (place.axis === last && dims?.[1] !== channels && dims?.[1] !== 0);
  const flat = split ?? (rank === 2 && joins ? 1 : undefined);
  // [N, C, …] → [N, C·…], and [N, …, C] → [N, …·C].
  if (flat !== undefined && rank === 2 && place.axis >= flat) {
    const end = { axis: 1, rank: 2 };
    if (place.axis === flat && place.axis !== last) {
      return { places: [moved(place, node, { ...end, merged: 'major' })] };
    }
    if (place.axis === last) {
      return { places: [moved(place, node, place.axis === flat ? end : { ...end, merged: 'minor' })] };
    }
    return 'it rearranges the channels';
  }
  if (!dims) return 'its shape is computed';
  // The channels stay last: only the axes before them are rearranged.
  if (place.axis === last && (dims[rank - 1] === channels || (dims[rank - 1] === 0 && rank - 1 === last))) {
    return { places: [moved(place, node, { axis: rank - 1, rank })] };
  }
  // The channels stay where they are: only the axes behind them are rearranged.
  if (place.axis < rank && (dims[place.axis] === channels || dims[place.axis] === 0) && place.axis <= 1) {
    return { places: [moved(place, node, { rank })] };
  }
  return 'it rearranges the channels';
}

function concatenation(graph: Graph, node: GraphNode, place: Place): Passage | string {
  const axis = wrap(Number(attribute(node, 'axis')?.i ?? 0), place.rank);
  if (axis !== place.axis) return { places: [moved(place, node)] };
  if (place.merged) return 'it rearranges the channels';
  const places: Place[] = [];
  let before: number | undefined = 0;
  for (const name of node.proto.input) {
    if (name === place.name && before !== undefined) {
      places.push(moved(place, node, { offset: place.offset + before }));
    }
    const size: unknown = tensorInfo(graph, name)?.dims?.[axis];
    before = before !== undefined && typeof size === 'number' ? before + size : undefined;
  }
  return places.length > 0 ? { places } : 'the sizes of what it joins are not known';
}

async function selection(node: GraphNode, place: Place, weights: Weights): Promise<Passage | string> {
  if (node.opType === 'Slice') {
    const axes = attribute(node, 'axes')?.ints.map(Number) ?? (await weights.integers(node.proto.input[3]));
    if (axes?.every((axis) => wrap(axis, place.rank) !== place.axis)) return { places: [moved(place, node)] };
    return 'it takes a part of the channels';
  }
  const axis = wrap(Number(attribute(node, 'axis')?.i ?? 0), place.rank);
  if (axis === place.axis || node.proto.input[0] !== place.name) return 'it takes a part of the channels';
  if (node.opType === 'Split') return { places: node.proto.output.map((_, i) => moved(place, node, {}, i)) };
  const index = await weights.get(node.proto.input[1]!);
  if (!index) return 'its indices are computed';
  const rank = place.rank - 1 + index.dims.length;
  const shift = axis < place.axis ? index.dims.length - 1 : 0;
  return { places: [moved(place, node, { axis: place.axis + shift, rank })] };
}
