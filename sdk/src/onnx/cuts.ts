/** Single-tensor cuts: the values that every way from the inputs to the outputs passes through. */
import { type DataFlow, type FlowOptions, traceData } from './flow.js';
import type { Graph, GraphNode, GraphValue } from './graph.js';

/** A place where one tensor separates a model into head and tail. */
export interface CutPoint {
  readonly name: string;
  /** The operator that computes the tensor. */
  readonly op: string;
  /** Position of that operator in `Graph.nodes`. */
  readonly node: number;
}

/**
 * All legal single-tensor cuts, from the input towards the output; the model's own inputs and outputs are not among them.
 *
 * One sweep over the data nodes in topological order keeps the values still to be read. Where just one is left it is a
 * cut; as each data value is before or behind a cut, any topological order finds all of them.
 */
export function listCuts(graph: Graph, options: FlowOptions = {}): CutPoint[] {
  return cutsOfFlow(graph, traceData(graph, options));
}

/** As `listCuts`, for a flow that was traced already. */
export function cutsOfFlow(graph: Graph, flow: DataFlow): CutPoint[] {
  const cuts: CutPoint[] = [];
  for (const { node, outputs, live } of sweep(graph, flow)) {
    if (live.size !== 1) continue;
    const [name] = live;
    if (outputs[0] === name && !isEnd(graph, name)) cuts.push({ name, op: node.opType, node: node.index });
  }
  return cuts;
}

/** A data node that has run, its outputs that carry data, and the values then still to be read. */
export interface Passed {
  readonly node: GraphNode;
  readonly outputs: readonly string[];
  /** In the order in which they were computed; the sweep goes on with this very set. */
  readonly live: ReadonlySet<string>;
}

/** Runs the data nodes in their order. */
export function* sweep(graph: Graph, flow: DataFlow): Generator<Passed> {
  const readsLeft = new Map<string, number>();
  const live = new Set<string>();
  const enter = (name: string) => {
    const value = graph.values.get(name)!;
    readsLeft.set(name, dataReaders(value, flow) + (flow.sinks.has(name) ? 1 : 0));
    live.add(name);
  };
  for (const name of flow.sources) if (flow.data.has(name)) enter(name);

  for (const node of graph.nodes) {
    const outputs = node.outputs.filter((name) => flow.data.has(name));
    if (outputs.length === 0) continue;
    for (const name of new Set(node.inputs)) {
      if (!flow.data.has(name)) continue;
      const left = readsLeft.get(name)! - 1;
      readsLeft.set(name, left);
      if (left === 0) live.delete(name);
    }
    for (const name of outputs) enter(name);
    yield { node, outputs, live };
  }
}

/** Whether a value is an output of the model and nothing is computed from it: behind a cut there the tail would be empty. */
export function isEnd(graph: Graph, name: string): boolean {
  return graph.outputs.includes(name) && graph.values.get(name)!.consumers.length === 0;
}

/** How many nodes read a value on the way to an output. */
export function dataReaders(value: GraphValue, flow: DataFlow): number {
  return value.consumers.filter((node) => node.outputs.some((name) => flow.data.has(name))).length;
}
