/** A model's cuts with what each would cost: sizes, bytes, and the share of the compute that comes before it. */

import type { RuntimeTensor } from '../runtime/ort.js';
import { loadRuntime } from '../runtime/ort-node.js';
import { type CutPoint, cutsOfFlow } from './cuts.js';
import { dtypeBytes, dtypeName } from './dtypes.js';
import { type FlowOptions, traceData } from './flow.js';
import type { ModelProto } from './gen/onnx_pb.js';
import { buildGraph, type Graph, type GraphNode } from './graph.js';
import { nodeMacs } from './macs.js';
import { firstAccepted, type InputShapes } from './random-input.js';
import { withExposed } from './runtime.js';

/** A cut with its cost for inputs of the given sizes. */
export interface SurveyedCut extends CutPoint {
  readonly type: string;
  readonly dims: readonly number[];
  /** Bytes of the tensor as it is. */
  readonly bytes: number;
  /** Multiply–accumulates of everything computed up to the cut. */
  readonly macsBefore: number;
  /** No other cut has both fewer bytes and less compute before it. */
  readonly onFront: boolean;
}

/** What `surveyCuts` finds; all 0 for a model without a cut, which is not run. */
export interface Survey {
  /** Multiply–accumulates of the whole model. */
  readonly macs: number;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly inputBytes: number;
  readonly cuts: readonly SurveyedCut[];
}

/** Options of `surveyCuts`. */
export interface SurveyOptions extends FlowOptions {
  /** Sizes of inputs that the model leaves open. */
  inputShapes?: InputShapes;
  /** Folder of the model file, for external data. */
  folder?: string;
}

/**
 * Lists the legal single-tensor cuts with the sizes that one run on random input gives. Needs onnxruntime-node.
 *
 * Only sizes are kept of what the run computes; constants that the graph needs are not run through the caller.
 */
export async function surveyCuts(model: ModelProto, options: SurveyOptions = {}): Promise<Survey> {
  const graph = buildGraph(model);
  const flow = traceData(graph, options);
  const points = cutsOfFlow(graph, flow);
  if (points.length === 0) return { macs: 0, inputs: {}, inputBytes: 0, cuts: [] };
  const counted = graph.nodes.filter((node) => nodeMacs(node, () => [1, 1, 1, 1]) !== 0);
  const wanted = new Set([
    ...points.map((point) => point.name),
    ...counted.flatMap((node) => runtimeSizes(graph, node)),
  ]);
  const runtime = await loadRuntime();
  const sizes = staticSizes(graph);
  const types = new Map<string, string>();
  const inputs: Record<string, readonly number[]> = {};
  let inputBytes = 0;
  await withExposed(runtime, model, [...wanted], options.folder, async (session) => {
    const note = (name: string, tensor: RuntimeTensor) => {
      sizes.set(name, [...tensor.dims]);
      types.set(name, tensor.type);
    };
    await firstAccepted(runtime, session, options.inputShapes ?? {}, async (feeds) => {
      const results = await session.run(feeds, [...wanted]);
      for (const [name, tensor] of Object.entries(results)) note(name, tensor);
      for (const [name, tensor] of Object.entries(feeds)) {
        note(name, tensor);
        inputs[name] = tensor.dims;
        inputBytes += dtypeBytes(tensor.type, tensor.data.length) ?? 0;
      }
    });
  });

  const macs = graph.nodes.map((node) => nodeMacs(node, (name) => sizes.get(name)) ?? 0);
  const cuts = points.map((point) => {
    const dims = sizes.get(point.name) ?? [];
    const type = types.get(point.name) ?? dtypeName(0);
    const bytes =
      dtypeBytes(
        type,
        dims.reduce((a, b) => a * b, 1),
      ) ?? 0;
    return { ...point, type, dims, bytes, macsBefore: macsUpTo(graph, point.name, macs), onFront: false };
  });
  return { macs: macs.reduce((a, b) => a + b, 0), inputs, inputBytes, cuts: markFront(cuts) };
}

/** Values whose sizes a node's count depends on and which only a run can tell. */
function runtimeSizes(graph: Graph, node: GraphNode): string[] {
  const names = [...node.proto.input.slice(0, 2), node.outputs[0] ?? ''];
  return names.filter((name) => {
    const value = graph.values.get(name);
    return value?.role === 'node' && value.producer?.opType !== 'Constant';
  });
}

/** Sizes of weights and of constants that stand in nodes. */
function staticSizes(graph: Graph): Map<string, readonly number[]> {
  const sizes = new Map<string, readonly number[]>();
  for (const tensor of graph.proto.initializer) sizes.set(tensor.name, tensor.dims.map(Number));
  for (const node of graph.nodes) {
    const tensor = node.opType === 'Constant' ? node.proto.attribute.find((a) => a.name === 'value')?.t : undefined;
    if (tensor) sizes.set(node.outputs[0]!, tensor.dims.map(Number));
  }
  return sizes;
}

function macsUpTo(graph: Graph, name: string, macs: readonly number[]): number {
  const seen = new Set<GraphNode>();
  const stack = [graph.values.get(name)?.producer];
  let sum = 0;
  while (stack.length > 0) {
    const node = stack.pop();
    if (!node || seen.has(node)) continue;
    seen.add(node);
    sum += macs[node.index]!;
    for (const input of node.inputs) stack.push(graph.values.get(input)?.producer);
  }
  return sum;
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
