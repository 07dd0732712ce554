/** Cutting a model at one tensor: two models that run one after the other. */
import { clone, create } from '@bufbuild/protobuf';
import { requireCut } from './cuts.js';
import { onnxError } from './errors.js';
import { type DataFlow, type FlowOptions, reachable, readsShapeOnly, traceData } from './flow.js';
import { type GraphProto, GraphProtoSchema, type ModelProto, ModelProtoSchema, type NodeProto } from './gen/onnx_pb.js';
import { buildGraph, type Graph } from './graph.js';
import { readModel, writeModel } from './model-file.js';
import { bridgeShape } from './shape-bridge.js';
import { infoToProto, type TensorInfo, tensorInfo } from './tensor-info.js';

/** Options of a cut. */
export interface CutOptions extends FlowOptions {
  /** Types and sizes known from elsewhere, by value name; used before what the file says. */
  known?: ReadonlyMap<string, TensorInfo>;
}

/** One side of a cut. */
export interface ModelPart {
  readonly model: ModelProto;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A model cut in two. */
export interface CutModel {
  readonly tensor: TensorInfo;
  readonly head: ModelPart;
  readonly tail: ModelPart;
}

/**
 * Cuts a model at one tensor and gives the bytes of both parts: `head` ends in that tensor, `tail` starts from it.
 * Weights go to the side that uses them; what both sides use is in both.
 *
 * @throws SlicerError `unknown_tensor`, `not_a_cut`, `bad_onnx`.
 */
export function cut(
  model: Uint8Array | ModelProto,
  tensorName: string,
  options: CutOptions = {},
): { head: Uint8Array; tail: Uint8Array; tensor: TensorInfo } {
  const graph = buildGraph(model instanceof Uint8Array ? readModel(model) : model);
  const parts = cutGraph(graph, tensorName, options);
  return { head: writeModel(parts.head.model), tail: writeModel(parts.tail.model), tensor: parts.tensor };
}

/** As `cut`, from an indexed graph and without writing the bytes. The parts share tensor data with the model. */
export function cutGraph(graph: Graph, tensorName: string, options: CutOptions = {}): CutModel {
  const flow = traceData(graph, options);
  requireCut(graph, tensorName, flow);
  const tensor = tensorInfo(graph, tensorName, options.known);
  if (!tensor) {
    throw onnxError(
      'bad_onnx',
      `the element type of '${tensorName}' stands nowhere in the file`,
      'Install onnxruntime-node so that it can be asked, or run shape inference on the model first.',
    );
  }
  return {
    tensor,
    head: buildHead(graph, flow, tensor),
    tail: buildTail(graph, flow, tensor, options),
  };
}

/** Shape nodes of the tail whose input stays in the head: their sizes must be had from the cut tensor. */
export function shapesAcross(graph: Graph, tensorName: string, options: FlowOptions = {}): string[] {
  const flow = traceData(graph, options);
  const { bridges } = collectTail(graph, flow, tensorName);
  return [...new Set(bridges.map((index) => graph.nodes[index]!.inputs[0]!))];
}

function buildHead(graph: Graph, flow: DataFlow, tensor: TensorInfo): ModelPart {
  // Outputs outside the flow (caches) leave from the side that computes them.
  const behind = reachable(graph, [tensor.name]);
  const side = graph.outputs.filter((name) => !flow.sinks.has(name) && flow.fromSources.has(name) && !behind.has(name));
  const wanted = graph.outputs.includes(tensor.name) ? side : [tensor.name, ...side];
  const roots = [...new Set([...wanted, tensor.name])];
  const needed = new Set<number>();
  const used = new Set<string>();
  const stack = [...roots];
  while (stack.length > 0) {
    const name = stack.pop()!;
    if (used.has(name)) continue;
    used.add(name);
    const producer = graph.values.get(name)!.producer;
    if (producer && !needed.has(producer.index)) {
      needed.add(producer.index);
      stack.push(...producer.inputs);
    }
  }
  const nodes = graph.nodes.filter((node) => needed.has(node.index)).map((node) => node.proto);
  const kept = graph.proto.output.filter((output) => side.includes(output.name));
  return assemble(graph, 'head', nodes, used, [], [infoToProto(tensor), ...kept]);
}

function buildTail(graph: Graph, flow: DataFlow, tensor: TensorInfo, options: CutOptions): ModelPart {
  const { needed, bridges, used, outputs } = collectTail(graph, flow, tensor.name);
  const bridged = new Map(
    bridges.map((index) => {
      const node = graph.nodes[index]!;
      return [index, bridgeShape(node, tensorInfo(graph, node.inputs[0]!, options.known), tensor)];
    }),
  );
  const nodes: NodeProto[] = [];
  for (const node of graph.nodes) {
    const bridge = bridged.get(node.index);
    if (bridge) nodes.push(...bridge);
    else if (needed.has(node.index)) nodes.push(node.proto);
  }
  const kept = graph.proto.output.filter((output) => outputs.has(output.name));
  return assemble(graph, 'tail', nodes, used, [infoToProto(tensor)], kept);
}

/** Walks from the outputs towards the cut tensor; shape readers of tensors in the head become bridges. */
function collectTail(graph: Graph, flow: DataFlow, tensorName: string) {
  const behind = reachable(graph, [tensorName]);
  const outputs = new Set(
    graph.outputs.filter(
      (name) => name !== tensorName && (behind.has(name) || !flow.fromSources.has(name) || flow.sinks.has(name)),
    ),
  );
  const needed = new Set<number>();
  const bridges: number[] = [];
  const used = new Set<string>([tensorName]);
  const stack = [...outputs];
  while (stack.length > 0) {
    const name = stack.pop()!;
    if (used.has(name)) continue;
    used.add(name);
    const producer = graph.values.get(name)!.producer;
    if (!producer || needed.has(producer.index)) continue;
    needed.add(producer.index);
    const source = producer.inputs[0];
    const stays = source !== undefined && source !== tensorName && flow.fromSources.has(source) && !behind.has(source);
    if (readsShapeOnly(producer) && stays) bridges.push(producer.index);
    else stack.push(...producer.inputs);
  }
  return { needed, bridges, used, outputs };
}

/** Puts one side together: the model's own settings with a part of its graph. */
function assemble(
  graph: Graph,
  side: 'head' | 'tail',
  nodes: NodeProto[],
  used: ReadonlySet<string>,
  extraInputs: GraphProto['input'],
  output: GraphProto['output'],
): ModelPart {
  const whole = graph.proto;
  const given = new Set(extraInputs.map((value) => value.name));
  const ends = new Set([...given, ...output.map((value) => value.name)]);
  const input = [...extraInputs, ...whole.input.filter((value) => used.has(value.name) && !given.has(value.name))];
  const initializer = whole.initializer.filter((tensor) => used.has(tensor.name));
  const fed = new Set(input.map((value) => value.name));
  const part = create(GraphProtoSchema, {
    name: `${whole.name || 'graph'}_${side}`,
    node: nodes,
    initializer,
    sparseInitializer: whole.sparseInitializer.filter((tensor) => used.has(tensor.values?.name ?? '')),
    input,
    output,
    valueInfo: whole.valueInfo.filter((value) => used.has(value.name) && !ends.has(value.name) && !fed.has(value.name)),
    quantizationAnnotation: whole.quantizationAnnotation.filter((note) => used.has(note.tensorName)),
  });
  const model = clone(ModelProtoSchema, { ...graph.model, graph: undefined, trainingInfo: [] });
  model.graph = part;
  const own = new Set(initializer.map((tensor) => tensor.name));
  return {
    model,
    inputs: input.map((value) => value.name).filter((name) => !own.has(name)),
    outputs: output.map((value) => value.name),
  };
}
