/** Cuts of several tensors: what is computed and still to be read at some point of a run. */
import { dataReaders, isEnd } from './cuts.js';
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
  const readsLeft = new Map<string, number>();
  const live = new Set<string>();
  const enter = (name: string) => {
    readsLeft.set(name, dataReaders(graph.values.get(name)!, flow) + (flow.sinks.has(name) ? 1 : 0));
    live.add(name);
  };
  for (const name of flow.sources) if (flow.data.has(name)) enter(name);
  const found = new Map<string, Frontier>();
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
    const names = [...live];
    if (names.length < 2 || names.length > most || names.some((name) => isEnd(graph, name))) continue;
    if (names.every((name) => graph.values.get(name)!.role === 'input')) continue;
    const key = [...names].sort().join('\n');
    if (!found.has(key)) found.set(key, { names, op: node.opType, node: node.index });
  }
  return [...found.values()];
}
