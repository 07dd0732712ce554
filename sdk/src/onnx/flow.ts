/**
 * Which values carry data. A value does when it lies on a way from an input to an output; weights, constants and what is
 * computed from the *shape* of a tensor alone do not: both sides of a cut can have those without sending anything.
 */
import { onnxError } from './errors.js';
import type { Graph, GraphNode } from './graph.js';
import { nearestNames } from './names.js';

/** Restricts which inputs and outputs count, for models with caches that stay on their side of the cut. */
export interface FlowOptions {
  /** Inputs that carry the data; the others are fed to each side that needs them. Default: all. */
  from?: readonly string[];
  /** Outputs that the data must reach; the others leave on the side that computes them. Default: all. */
  to?: readonly string[];
}

/** The data part of a graph. */
export interface DataFlow {
  readonly sources: ReadonlySet<string>;
  readonly sinks: ReadonlySet<string>;
  /** Values whose contents depend on the sources. */
  readonly fromSources: ReadonlySet<string>;
  /** Those of them that also reach a sink. */
  readonly data: ReadonlySet<string>;
}

/** Whether a node reads only the shape of its input, never its contents. */
export function readsShapeOnly(node: GraphNode): boolean {
  return (node.domain === '' || node.domain === 'ai.onnx') && (node.opType === 'Shape' || node.opType === 'Size');
}

/** Marks the data values of a graph. */
export function traceData(graph: Graph, options: FlowOptions = {}): DataFlow {
  const sources = new Set(options.from ?? graph.inputs);
  const sinks = new Set(options.to ?? graph.outputs);
  for (const name of sources) if (!graph.inputs.includes(name)) throw noSuch('input', name, graph.inputs);
  for (const name of sinks) if (!graph.outputs.includes(name)) throw noSuch('output', name, graph.outputs);

  const fromSources = reachable(graph, sources);
  const data = new Set<string>();
  const stack = [...sinks].filter((name) => fromSources.has(name));
  while (stack.length > 0) {
    const name = stack.pop()!;
    if (data.has(name)) continue;
    data.add(name);
    const producer = graph.values.get(name)?.producer;
    if (producer) stack.push(...producer.inputs.filter((input) => fromSources.has(input)));
  }
  return { sources, sinks, fromSources, data };
}

/** Values whose contents depend on the contents of `start`, itself included. */
export function reachable(graph: Graph, start: Iterable<string>): Set<string> {
  const seen = new Set<string>();
  const stack = [...start];
  while (stack.length > 0) {
    const name = stack.pop()!;
    if (seen.has(name)) continue;
    seen.add(name);
    for (const node of graph.values.get(name)?.consumers ?? []) {
      if (!readsShapeOnly(node)) stack.push(...node.outputs);
    }
  }
  return seen;
}

function noSuch(kind: string, name: string, known: readonly string[]) {
  const near = nearestNames(name, known);
  const names = near.length > 0 ? near : known.slice(0, 5);
  return onnxError('unknown_tensor', `the model has no ${kind} '${name}'`, `Its ${kind}s: ${names.join(', ')}.`);
}
