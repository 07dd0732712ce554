/** Cutting a model at one tensor, or at several that cross together: two models that run one after the other. */
import { clone, create } from '@bufbuild/protobuf';
import { onnxError } from './errors.js';
import { type DataFlow, type FlowOptions, reachable, readsShapeOnly, traceData } from './flow.js';
import { type GraphProto, GraphProtoSchema, type ModelProto, ModelProtoSchema, type NodeProto } from './gen/onnx_pb.js';
import { buildGraph, type Graph } from './graph.js';
import { requireCut } from './legal.js';
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
  /** What crosses: the tensors in the order they were named, then shapes that the tail cannot work out from those. */
  readonly tensors: readonly TensorInfo[];
  readonly head: ModelPart;
  readonly tail: ModelPart;
}

/**
 * Cuts a model at one tensor, or at several, and gives the bytes of both parts: `head` computes those tensors, `tail`
 * starts from them. Weights go to the side that uses them; what both sides use is in both.
 *
 * @throws SlicerError `unknown_tensor`, `not_a_cut`, `bad_onnx`.
 */
export function cut(
  model: Uint8Array | ModelProto,
  names: string | readonly string[],
  options: CutOptions = {},
): { head: Uint8Array; tail: Uint8Array; tensor: TensorInfo; tensors: readonly TensorInfo[] } {
  const graph = buildGraph(model instanceof Uint8Array ? readModel(model) : model);
  const { head, tail, tensors } = cutGraph(graph, typeof names === 'string' ? [names] : names, options);
  return { head: writeModel(head.model), tail: writeModel(tail.model), tensor: tensors[0]!, tensors };
}

/** As `cut`, from an indexed graph and without writing the bytes. The parts share tensor data with the model. */
export function cutGraph(graph: Graph, names: readonly string[], options: CutOptions = {}): CutModel {
  const flow = traceData(graph, options);
  requireCut(graph, names, flow);
  const tensors = names.map((name) => {
    const tensor = tensorInfo(graph, name, options.known);
    if (tensor) return tensor;
    throw onnxError(
      'bad_onnx',
      `the element type of '${name}' stands nowhere in the file`,
      'Install onnxruntime-node so that it can be asked, or run shape inference on the model first.',
    );
  });
  const all = [...tensors, ...shapesToSend(graph, flow, tensors, options)];
  return { tensors: all, head: buildHead(graph, flow, all), tail: buildTail(graph, flow, all, options) };
}

/** Shapes of tensors in the head that the tail needs and no cut tensor tells: the few numbers cross with the data. */
function shapesToSend(graph: Graph, flow: DataFlow, tensors: readonly TensorInfo[], options: CutOptions): TensorInfo[] {
  const names = tensors.map((tensor) => tensor.name);
  return collectTail(graph, flow, names).bridges.flatMap((index) => {
    const node = graph.nodes[index]!;
    const source = tensorInfo(graph, node.inputs[0]!, options.known);
    if (bridgeShape(node, source, tensors)) return [];
    return [{ name: node.outputs[0]!, type: 'int64', dims: node.opType === 'Size' ? [] : [null] }];
  });
}

/** Shape nodes of the tail whose input stays in the head: their sizes must be had from the cut tensor. */
export function shapesAcross(graph: Graph, names: readonly string[], options: FlowOptions = {}): string[] {
  const flow = traceData(graph, options);
  const { bridges } = collectTail(graph, flow, names);
  return [...new Set(bridges.map((index) => graph.nodes[index]!.inputs[0]!))];
}

function buildHead(graph: Graph, flow: DataFlow, tensors: readonly TensorInfo[]): ModelPart {
  // An input that crosses is no output of the head: whoever feeds the head has it.
  const crossing = tensors.filter((tensor) => graph.values.get(tensor.name)?.role !== 'input');
  const names = crossing.map((tensor) => tensor.name);
  // Outputs outside the flow (caches) leave from the side that computes them.
  const behind = reachable(
    graph,
    tensors.map((tensor) => tensor.name),
  );
  const side = graph.outputs.filter(
    (name) => !names.includes(name) && !flow.sinks.has(name) && flow.fromSources.has(name) && !behind.has(name),
  );
  const needed = new Set<number>();
  const used = new Set<string>();
  const stack = [...names, ...side];
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
  return assemble(graph, 'head', nodes, used, [], [...crossing.map(infoToProto), ...kept]);
}

function buildTail(graph: Graph, flow: DataFlow, tensors: readonly TensorInfo[], options: CutOptions): ModelPart {
  const names = tensors.map((tensor) => tensor.name);
  const { needed, bridges, used, outputs } = collectTail(graph, flow, names);
  const bridged = new Map(
    bridges.map((index) => {
      const node = graph.nodes[index]!;
      return [index, bridgeShape(node, tensorInfo(graph, node.inputs[0]!, options.known), tensors)!];
    }),
  );
  const nodes: NodeProto[] = [];
  for (const node of graph.nodes) {
    const bridge = bridged.get(node.index);
    if (bridge) nodes.push(...bridge);
    else if (needed.has(node.index)) nodes.push(node.proto);
  }
  const kept = graph.proto.output.filter((output) => outputs.has(output.name));
  return assemble(graph, 'tail', nodes, used, tensors.map(infoToProto), kept);
}

/** Walks from the outputs towards the cut tensors; shape readers of tensors in the head become bridges. */
function collectTail(graph: Graph, flow: DataFlow, names: readonly string[]) {
  const crossing = new Set(names);
  const behind = reachable(graph, names);
  const outputs = new Set(
    graph.outputs.filter(
      (name) => !crossing.has(name) && (behind.has(name) || !flow.fromSources.has(name) || flow.sinks.has(name)),
    ),
  );
  const needed = new Set<number>();
  const bridges: number[] = [];
  const used = new Set<string>(names);
  const stack = [...outputs];
  while (stack.length > 0) {
    const name = stack.pop()!;
    if (used.has(name)) continue;
    used.add(name);
    const producer = graph.values.get(name)!.producer;
    if (!producer || needed.has(producer.index)) continue;
    needed.add(producer.index);
    const source = producer.inputs[0];
    const stays = source !== undefined && !crossing.has(source) && flow.fromSources.has(source) && !behind.has(source);
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
