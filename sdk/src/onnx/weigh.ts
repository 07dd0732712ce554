/** What lies before and behind a cut: compute, parameters, bytes of weights. */
import { dtypeBytes, dtypeName } from './dtypes.js';
import type { TensorProto } from './gen/onnx_pb.js';
import { bodiesOf, type Graph, type GraphNode } from './graph.js';
import { attribute } from './tensor-info.js';

/** One side of a cut. */
export interface Side {
  /** Multiply–accumulates for one run. */
  readonly macs: number;
  /** Numbers in the weights that the side uses; what both sides use counts on both. */
  readonly parameters: number;
  /** Bytes of those weights as the file has them. */
  readonly weightBytes: number;
}

/** Weighs sides of cuts of one graph, for the compute that each node takes. */
export class Scale {
  private readonly own: readonly (readonly Weight[])[];

  constructor(
    private readonly graph: Graph,
    private readonly macs: readonly number[],
  ) {
    const weights = new Map(graph.proto.initializer.map((tensor) => [tensor.name, weightOf(tensor.name, tensor)]));
    packedParameters(graph, weights);
    this.own = graph.nodes.map((node) => [
      ...node.inputs.flatMap((name) => weights.get(name) ?? []),
      ...tensorsOf(node).map((tensor, i) => weightOf(`${node.index}/${i}`, tensor)),
    ]);
  }

  /** Everything that computes the tensors `names`. */
  before(names: readonly string[]): Side {
    return this.weigh(names, new Set());
  }

  /** Everything that computes the outputs `names` once the tensors `given` are there. */
  behind(names: readonly string[], given: ReadonlySet<string>): Side {
    return this.weigh(
      names.filter((name) => !given.has(name)),
      given,
    );
  }

  private weigh(names: readonly string[], given: ReadonlySet<string>): Side {
    const seen = new Set<GraphNode>();
    const weights = new Map<string, Weight>();
    const stack = names.map((name) => this.graph.values.get(name)?.producer);
    let macs = 0;
    while (stack.length > 0) {
      const node = stack.pop();
      if (!node || seen.has(node)) continue;
      seen.add(node);
      macs += this.macs[node.index]!;
      for (const weight of this.own[node.index]!) weights.set(weight.name, weight);
      for (const input of node.inputs) if (!given.has(input)) stack.push(this.graph.values.get(input)?.producer);
    }
    let parameters = 0;
    let weightBytes = 0;
    for (const weight of weights.values()) {
      parameters += weight.count;
      weightBytes += weight.bytes;
    }
    return { macs, parameters, weightBytes };
  }
}

interface Weight {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

/** Sizes, axes and switches are no parameters, whatever their number. */
const NO_PARAMETERS = new Set(['int64', 'bool', 'string']);

function weightOf(name: string, tensor: TensorProto): Weight {
  const type = dtypeName(tensor.dataType);
  const count = tensor.dims.reduce((product, dim) => product * Number(dim), 1);
  return { name, count: NO_PARAMETERS.has(type) ? 0 : count, bytes: dtypeBytes(type, count) ?? 0 };
}

/** Weights of 2 to 8 bits that lie packed in bytes are as many as their matrix has entries. */
function packedParameters(graph: Graph, weights: Map<string, Weight>): void {
  for (const node of graph.nodes) {
    if (node.opType !== 'MatMulNBits') continue;
    const packed = weights.get(node.proto.input[1] ?? '');
    const entries = Number(attribute(node, 'K')?.i ?? 0) * Number(attribute(node, 'N')?.i ?? 0);
    if (packed) weights.set(packed.name, { ...packed, count: entries });
  }
}

/** Tensors that stand in a node or in its bodies. */
function tensorsOf(node: GraphNode): TensorProto[] {
  const found: TensorProto[] = [];
  const stack = [node.proto];
  while (stack.length > 0) {
    const at = stack.pop()!;
    for (const { t } of at.attribute) if (t) found.push(t);
    for (const body of bodiesOf(at)) {
      found.push(...body.initializer);
      stack.push(...body.node);
    }
  }
  return found;
}
