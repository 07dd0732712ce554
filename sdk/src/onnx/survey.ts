/** A model's cuts with what each would cost: sizes, bytes, compute and parameters before and behind, and advice. */
import { adviseCut, adviseModel, adviseSizes, type CutAdvice } from './advice.js';
import { type CutPoint, cutsOfFlow } from './cuts.js';
import { dtypeBytes } from './dtypes.js';
import { type FlowOptions, traceData } from './flow.js';
import { listFrontiers } from './frontiers.js';
import type { ModelProto } from './gen/onnx_pb.js';
import { bodiesOf, buildGraph, type Graph } from './graph.js';
import { nodeMacs } from './macs.js';
import type { InputShapes } from './random-input.js';
import type { SuppliedInputs } from './samples.js';
import { measureSizes, type Sizes } from './sizes.js';
import { gatherStatistics, type TensorStatistics } from './statistics.js';
import { Scale, type Side } from './weigh.js';

/** A tensor that crosses a cut, for inputs of the surveyed sizes. */
export interface SurveyedTensor {
  readonly name: string;
  readonly type: string;
  readonly dims: readonly number[];
  /** Bytes of the tensor as it is; 0 for strings. */
  readonly bytes: number;
  /** What samples held, where there were any. */
  readonly statistics?: TensorStatistics;
}

/** A cut with its cost. */
export interface SurveyedCut extends CutPoint {
  /** Name, type and dims of the first tensor; of the only one unless cuts of several were asked for. */
  readonly name: string;
  readonly type: string;
  readonly dims: readonly number[];
  /** Everything that crosses. */
  readonly tensors: readonly SurveyedTensor[];
  /** Bytes of all tensors. */
  readonly bytes: number;
  /** Multiply–accumulates of everything computed up to the cut. */
  readonly macsBefore: number;
  readonly macsBehind: number;
  /** Numbers in the weights of each side, and their bytes in the file; what both use counts on both. */
  readonly parametersBefore: number;
  readonly parametersBehind: number;
  readonly weightBytesBefore: number;
  readonly weightBytesBehind: number;
  /** No other cut has both fewer bytes and less compute before it. */
  readonly onFront: boolean;
  /** Where a neighbour would be better, which and why. */
  readonly advice?: CutAdvice;
}

/** What `surveyCuts` finds. */
export interface Survey {
  /** Multiply–accumulates, parameters and bytes of weights of the whole model. */
  readonly macs: number;
  readonly parameters: number;
  readonly weightBytes: number;
  /** Sizes of the inputs that everything here is for. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly inputBytes: number;
  /** Cuts of one tensor, from the input on; where asked for, cuts of several behind them, fewest bytes first. */
  readonly cuts: readonly SurveyedCut[];
  /** Nodes that cannot be cut inside, each with the reason. */
  readonly barriers: readonly { readonly node: string; readonly op: string; readonly reason: string }[];
  /** What to know before choosing. */
  readonly advice: readonly string[];
}

/** Options of `surveyCuts`. */
export interface SurveyOptions extends FlowOptions {
  /** Sizes of inputs that the model leaves open. */
  inputShapes?: InputShapes;
  /** Folder of the model file, for external data. */
  folder?: string;
  /** Cuts of up to this many tensors; 1 unless given. */
  most?: number;
  /** Inputs for statistics of what crosses. */
  samples?: SuppliedInputs;
  /** Told what is being done, for long work. */
  progress?: (step: string) => void;
}

/**
 * Lists the legal cuts with what each costs for inputs of one size. Needs onnxruntime-node: the runtime tells types and
 * sizes. The model is run only where its file leaves sizes open, or on samples.
 */
export async function surveyCuts(model: ModelProto, options: SurveyOptions = {}): Promise<Survey> {
  const { progress = () => {}, folder } = options;
  const graph = buildGraph(model);
  const flow = traceData(graph, options);
  const single = cutsOfFlow(graph, flow).map(({ name, op, node }) => ({ names: [name], op, node }));
  const several = (options.most ?? 1) > 1 ? listFrontiers(graph, flow, options.most!) : [];
  const places = [...single, ...several];
  progress('asking the runtime for sizes');
  const names = [...new Set(places.flatMap((place) => place.names))];
  const sizes = await measureSizes(graph, names, folder, options.inputShapes ?? {});
  const statistics = options.samples
    ? await gatherStatistics(graph, names, sizes, options.samples, { folder, progress })
    : undefined;

  const macs = graph.nodes.map((node) => nodeMacs(node, (name) => sizes.values.get(name)?.dims) ?? 0);
  const scale = new Scale(graph, macs);
  const sinks = [...flow.sinks];
  const whole = scale.before(graph.outputs);
  const cuts = places.map((place) => {
    const tensors = place.names.map((name) => tensorOf(name, sizes, statistics));
    return costOf(place, tensors, scale.before(place.names), scale.behind(sinks, new Set(place.names)));
  });
  const marked = markFront(cuts);
  const [one, more] = [marked.slice(0, single.length), marked.slice(single.length)];
  more.sort((a, b) => a.bytes - b.bytes || a.macsBefore - b.macsBefore);
  const advised = one.map((cut, i) => {
    const advice = adviseCut(graph, one, i, whole.macs);
    return advice === undefined ? cut : { ...cut, advice };
  });
  return {
    macs: whole.macs,
    parameters: whole.parameters,
    weightBytes: whole.weightBytes,
    inputs: sizes.inputs,
    inputBytes: sizes.inputBytes,
    cuts: [...advised, ...more],
    barriers: barriersOf(graph),
    advice: [...adviseSizes(sizes), ...adviseModel(graph, flow, advised, sizes.inputBytes)],
  };
}

function tensorOf(name: string, sizes: Sizes, all: ReadonlyMap<string, TensorStatistics> | undefined): SurveyedTensor {
  const { type, dims } = sizes.values.get(name) ?? { type: 'unknown', dims: [] };
  const count = dims.reduce((a, b) => a * b, 1);
  const statistics = all?.get(name);
  return { name, type, dims, bytes: dtypeBytes(type, count) ?? 0, ...(statistics ? { statistics } : {}) };
}

function costOf(
  { op, node }: { op: string; node: number },
  tensors: readonly SurveyedTensor[],
  before: Side,
  behind: Side,
): SurveyedCut {
  const { name, type, dims } = tensors[0]!;
  return {
    name,
    op,
    node,
    type,
    dims,
    tensors,
    bytes: tensors.reduce((sum, tensor) => sum + tensor.bytes, 0),
    macsBefore: before.macs,
    macsBehind: behind.macs,
    parametersBefore: before.parameters,
    parametersBehind: behind.parameters,
    weightBytesBefore: before.weightBytes,
    weightBytesBehind: behind.weightBytes,
    onFront: false,
  };
}

function markFront(cuts: SurveyedCut[]): SurveyedCut[] {
  return cuts.map((cut) => {
    const beaten = cuts.some(
      (other) =>
        other.bytes <= cut.bytes &&
        other.macsBefore <= cut.macsBefore &&
        (other.bytes < cut.bytes || other.macsBefore < cut.macsBefore),
    );
    return { ...cut, onFront: !beaten };
  });
}

/** Nodes with bodies, and calls of functions that could not be written out. */
function barriersOf(graph: Graph): Survey['barriers'] {
  const functions = new Set(graph.model.functions.map((one) => `${one.domain}:${one.name}`));
  return graph.nodes.flatMap((node) => {
    const bodies = bodiesOf(node.proto).length;
    if (bodies > 0) {
      const reason = `its ${bodies === 1 ? 'body runs' : `${bodies} bodies run`} on one side as a whole; what is computed there is not counted`;
      return [{ node: node.label, op: node.opType, reason }];
    }
    if (!functions.has(`${node.domain}:${node.opType}`)) return [];
    const reason = 'a local function for other versions of the operators stays one node; its compute is not counted';
    return [{ node: node.label, op: node.opType, reason }];
  });
}
