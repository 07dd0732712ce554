/** The graph of a model: nodes in a runnable order, values with producer and consumers, what bodies of `If` capture. */
import { onnxError } from './errors.js';
import type { AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto } from './gen/onnx_pb.js';
import { inlineFunctions } from './inline.js';

/** One operator of the graph. */
export interface GraphNode {
  /** Position in `Graph.nodes`. */
  readonly index: number;
  readonly opType: string;
  readonly domain: string;
  /** The node's name, or its first output's where it has none. */
  readonly label: string;
  /** Values read: the inputs that are present, then `captures`. */
  readonly inputs: readonly string[];
  /** Outer values that the node's bodies (`If`, `Loop`, `Scan`) read by name. */
  readonly captures: readonly string[];
  readonly outputs: readonly string[];
  readonly proto: NodeProto;
}

/** One named value of the graph. */
export interface GraphValue {
  readonly name: string;
  /** `input`: fed by the caller; `initializer`: a weight; `node`: computed. */
  readonly role: 'input' | 'initializer' | 'node';
  readonly producer: GraphNode | undefined;
  readonly consumers: readonly GraphNode[];
}

/** A model's main graph, indexed. */
export interface Graph {
  /** The model, its local functions written out. */
  readonly model: ModelProto;
  readonly proto: GraphProto;
  /** In topological order: the file's own where that is one, as the format demands. */
  readonly nodes: readonly GraphNode[];
  readonly values: ReadonlyMap<string, GraphValue>;
  /** Names the caller feeds, without initialisers that are listed as inputs too. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Types written in the file: inputs, outputs and `value_info`. */
  readonly valueInfo: ReadonlyMap<string, ValueInfoProto>;
  /** Names defined inside bodies, each with the node that owns the body. */
  readonly inner: ReadonlyMap<string, GraphNode>;
}

/**
 * Indexes the main graph of a model, with its local functions written out.
 *
 * @throws SlicerError `bad_onnx` for values defined twice, read but never defined, or defined in a circle.
 */
export function buildGraph(given: ModelProto): Graph {
  const model = inlineFunctions(given);
  const proto = model.graph;
  if (!proto) throw onnxError('bad_onnx', 'the model holds no graph', 'Check that this is the .onnx file itself.');
  const initializers = new Set([
    ...proto.initializer.map((tensor) => tensor.name),
    ...proto.sparseInitializer.map((tensor) => tensor.values?.name ?? ''),
  ]);
  const inputs = proto.input.map((value) => value.name).filter((name) => !initializers.has(name));

  const inner = new Map<string, GraphNode>();
  const drafts = proto.node.map((node) => draftNode(node));
  const order = topologicalOrder(drafts, new Set([...inputs, ...initializers]));
  const nodes = order.map((draft, index) => ({ ...draft, index }));

  const values = new Map<string, Mutable<GraphValue> & { consumers: GraphNode[] }>();
  const define = (name: string, role: GraphValue['role'], producer: GraphNode | undefined) => {
    if (values.has(name)) {
      throw onnxError('bad_onnx', `the value '${name}' is defined twice`, 'Check the model with onnx.checker.');
    }
    values.set(name, { name, role, producer, consumers: [] });
  };
  for (const name of inputs) define(name, 'input', undefined);
  for (const name of initializers) define(name, 'initializer', undefined);
  for (const node of nodes) for (const name of node.outputs) define(name, 'node', node);
  for (const node of nodes) {
    for (const name of new Set(node.inputs)) values.get(name)!.consumers.push(node);
    for (const name of innerNames(node.proto)) if (!inner.has(name)) inner.set(name, node);
  }

  const outputs = proto.output.map((value) => value.name);
  for (const name of outputs) {
    if (!values.has(name)) {
      throw onnxError('bad_onnx', `the output '${name}' is computed by no node`, 'Check the model with onnx.checker.');
    }
  }
  const valueInfo = new Map<string, ValueInfoProto>();
  for (const info of [...proto.valueInfo, ...proto.input, ...proto.output]) valueInfo.set(info.name, info);
  return { model, proto, nodes, values, inputs, outputs, valueInfo, inner };
}

/** Every graph that stands as an attribute of a node: branches of `If`, bodies of `Loop` and `Scan`. */
export function bodiesOf(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap((attribute: AttributeProto) => [
    ...(attribute.g ? [attribute.g] : []),
    ...attribute.graphs,
  ]);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function draftNode(proto: NodeProto): GraphNode {
  const own = proto.input.filter((name) => name !== '');
  const captures = new Set<string>();
  for (const body of bodiesOf(proto)) for (const name of capturesOf(body)) captures.add(name);
  for (const name of own) captures.delete(name);
  const outputs = proto.output.filter((name) => name !== '');
  return {
    index: -1,
    opType: proto.opType,
    domain: proto.domain,
    label: proto.name || outputs[0] || proto.opType,
    inputs: [...own, ...captures],
    captures: [...captures],
    outputs,
    proto,
  };
}

/** Bodies inside bodies: real models have two or three levels. */
const MAX_DEPTH = 64;

/** Names a body reads and does not define: they come from the graphs around it. */
function capturesOf(body: GraphProto, depth = 1): Set<string> {
  if (depth > MAX_DEPTH) {
    throw onnxError('bad_onnx', `bodies of nodes lie more than ${MAX_DEPTH} deep`, 'Check where the model comes from.');
  }
  const defined = new Set<string>([
    ...body.input.map((value) => value.name),
    ...body.initializer.map((tensor) => tensor.name),
    ...body.sparseInitializer.map((tensor) => tensor.values?.name ?? ''),
  ]);
  const free = new Set<string>();
  for (const node of body.node) {
    const read = [...node.input, ...bodiesOf(node).flatMap((nested) => [...capturesOf(nested, depth + 1)])];
    for (const name of read) if (name !== '' && !defined.has(name)) free.add(name);
    for (const name of node.output) defined.add(name);
  }
  for (const output of body.output) if (!defined.has(output.name)) free.add(output.name);
  return free;
}

function innerNames(node: NodeProto): string[] {
  return bodiesOf(node).flatMap((body) =>
    body.node.flatMap((inside) => [...inside.output.filter((name) => name !== ''), ...innerNames(inside)]),
  );
}

/** Keeps the file's order where it is runnable; else moves each node behind its inputs, or names a circle. */
function topologicalOrder(nodes: GraphNode[], given: Set<string>): GraphNode[] {
  const producer = new Map<string, GraphNode>();
  for (const node of nodes) for (const name of node.outputs) producer.set(name, node);
  const done = new Set<GraphNode>();
  const open = new Set<GraphNode>();
  const order: GraphNode[] = [];
  for (const root of nodes) {
    const stack: Array<{ node: GraphNode; next: number }> = [{ node: root, next: 0 }];
    if (done.has(root)) continue;
    open.add(root);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const name = top.node.inputs[top.next++];
      if (name === undefined) {
        stack.pop();
        open.delete(top.node);
        done.add(top.node);
        order.push(top.node);
        continue;
      }
      if (given.has(name)) continue;
      const before = producer.get(name);
      if (!before) {
        throw onnxError(
          'bad_onnx',
          `node '${top.node.label}' (${top.node.opType}) reads '${name}', which nothing defines`,
          'The model is incomplete; export it again.',
        );
      }
      if (done.has(before)) continue;
      if (open.has(before)) {
        throw onnxError('bad_onnx', `the graph runs in a circle through '${before.label}'`, 'Export the model again.');
      }
      open.add(before);
      stack.push({ node: before, next: 0 });
    }
  }
  return order;
}
