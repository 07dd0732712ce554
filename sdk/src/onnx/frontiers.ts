/** Cuts of several tensors: what is computed and still to be read at some point of a run. */
import { isEnd, sweep } from './cuts.js';
import type { DataFlow } from './flow.js';
import type { Graph } from './graph.js';

/** A place where several tensors together separate a model into head and tail. */
export interface Frontier {
  /** In the order in which they are computed; inputs of the model first. */
  readonly names: readonly string[];
  /** The operator behind which they are live. */
  readonly op: string;
  /** Position of that operator in `Graph.nodes`. */
  readonly node: number;
}

/**
 * The sets of 2 to `most` tensors that are live at some point when the nodes run in their order: skip connections beside
 * what they skip, an encoder's output beside the decoder's state, a mask beside the features. Each is a cut; sets that
 * only another order of the nodes would show are not found, nor those that hold back an output of the model.
 */
export function listFrontiers(graph: Graph, flow: DataFlow, most: number): Frontier[] {
  const found = new Map<string, Frontier>();
  for (const { node, live } of sweep(graph, flow)) {
    const names = [...live];
    if (names.length < 2 || names.length > most || names.some((name) => isEnd(graph, name))) continue;
    if (names.every((name) => graph.values.get(name)!.role === 'input')) continue;
    const key = [...names].sort().join('\n');
    if (!found.has(key)) found.set(key, { names, op: node.opType, node: node.index });
  }
  return [...found.values()];
}
