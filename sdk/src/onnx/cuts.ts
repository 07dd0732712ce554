/** Single-tensor cuts: the values that every way from the inputs to the outputs passes through. */
import { type OnnxErrorCode, onnxError } from './errors.js';
import { type DataFlow, type FlowOptions, reachable, traceData } from './flow.js';
import type { Graph, GraphValue } from './graph.js';
import { nearestNames } from './names.js';

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
  const readsLeft = new Map<string, number>();
  const live = new Set<string>();
  const enter = (name: string) => {
    const value = graph.values.get(name)!;
    readsLeft.set(name, dataReaders(value, flow) + (flow.sinks.has(name) ? 1 : 0));
    live.add(name);
  };
  for (const name of flow.sources) if (flow.data.has(name)) enter(name);

  const cuts: CutPoint[] = [];
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
    if (live.size === 1) {
      const [name] = live as Set<string>;
      if (outputs[0] === name && !isEnd(graph, name!)) cuts.push({ name: name!, op: node.opType, node: node.index });
    }
  }
  return cuts;
}

/** A model's own output is no cut where nothing is computed from it: the tail would be empty. */
function isEnd(graph: Graph, name: string): boolean {
  return graph.outputs.includes(name) && graph.values.get(name)!.consumers.length === 0;
}

function dataReaders(value: GraphValue, flow: DataFlow): number {
  return value.consumers.filter((node) => node.outputs.some((name) => flow.data.has(name))).length;
}

/**
 * Checks that `name` is a legal cut.
 *
 * @throws SlicerError `unknown_tensor` with the nearest names, or `not_a_cut` with what goes round the tensor.
 */
export function requireCut(graph: Graph, name: string, flow: DataFlow): void {
  const value = graph.values.get(name);
  if (!value) throw unknownTensor(graph, name);
  const refuse = (why: string, advice = nearbyCuts(graph, name, flow)) => fail('not_a_cut', `'${name}' ${why}`, advice);
  if (value.role === 'input') throw refuse("is the model's input: the head would be empty");
  if (value.role === 'initializer') throw refuse('is a weight: it does not depend on the input');
  if (!flow.fromSources.has(name)) {
    throw refuse('does not depend on what the input holds: it is a constant, or computed from shapes alone');
  }
  if (!flow.data.has(name)) throw refuse('reaches no output of the model');
  if (isEnd(graph, name)) throw refuse("is the model's output: the tail would be empty");
  const way = pathAround(graph, name, flow);
  if (way)
    throw refuse(`does not separate the inputs from the outputs: ${describePath(graph, name, way)} goes round it`);
}

/** A way from a source to a sink, as value names, that avoids `name`; the shortest there is. */
export function pathAround(graph: Graph, name: string, flow: DataFlow): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>();
  const queue: string[] = [];
  for (const source of flow.sources) {
    if (source === name || !flow.data.has(source)) continue;
    cameFrom.set(source, undefined);
    queue.push(source);
  }
  for (let head = 0; head < queue.length; head++) {
    const at = queue[head]!;
    if (flow.sinks.has(at)) {
      const path: string[] = [];
      for (let step: string | undefined = at; step !== undefined; step = cameFrom.get(step)) path.unshift(step);
      return path;
    }
    for (const node of graph.values.get(at)!.consumers) {
      for (const next of node.outputs) {
        if (next === name || !flow.data.has(next) || cameFrom.has(next)) continue;
        cameFrom.set(next, at);
        queue.push(next);
      }
    }
  }
  return undefined;
}

/** A path in at most a line: its ends, and where it leaves and rejoins the values that depend on `name`. */
function describePath(graph: Graph, name: string, path: string[]): string {
  const before = ancestors(graph, name);
  const behind = reachable(graph, [name]);
  const last = path.length - 1;
  let leaves = last;
  while (leaves >= 0 && !before.has(path[leaves]!)) leaves--;
  const joins = path.findIndex((value, i) => i > leaves && behind.has(value));
  const shown = new Set([0, last, leaves, leaves + 1, joins < 0 ? last : joins]);
  const words: string[] = [];
  path.forEach((value, i) => {
    if (shown.has(i)) words.push(value);
    else if (shown.has(i - 1)) words.push('…');
  });
  return `the path ${words.join(' → ')}`;
}

function ancestors(graph: Graph, name: string): Set<string> {
  const seen = new Set<string>();
  const stack = [...(graph.values.get(name)?.producer?.inputs ?? [])];
  while (stack.length > 0) {
    const value = stack.pop()!;
    if (seen.has(value)) continue;
    seen.add(value);
    stack.push(...(graph.values.get(value)?.producer?.inputs ?? []));
  }
  return seen;
}

/** Names the closest legal cuts before and behind a value. */
function nearbyCuts(graph: Graph, name: string, flow: DataFlow): string {
  const cuts = cutsOfFlow(graph, flow);
  if (cuts.length === 0) return 'No single tensor separates this model; a cut of several tensors would be needed.';
  const at = graph.values.get(name)?.producer?.index ?? -1;
  const before = cuts.filter((cut) => cut.node < at).at(-1);
  const behind = cuts.find((cut) => cut.node > at);
  const near = [before, behind].flatMap((cut) => (cut ? [`'${cut.name}' (${cut.op})`] : []));
  return `The nearest legal cuts: ${near.join(' and ')}; ${cuts.length} in all.`;
}

function unknownTensor(graph: Graph, name: string) {
  const owner = graph.inner.get(name);
  if (owner) {
    return fail(
      'not_a_cut',
      `'${name}' lies inside the body of the ${owner.opType} node '${owner.label}', which runs on one side as a whole`,
      `Cut before or after that node: it reads ${owner.inputs.slice(0, 3).join(', ')} and writes ${owner.outputs.slice(0, 3).join(', ')}.`,
    );
  }
  const node = graph.nodes.find((candidate) => candidate.proto.name === name);
  const near = nearestNames(name, graph.values.keys());
  const advice = node
    ? `'${name}' is a node; its output is '${node.outputs[0]}'.`
    : near.length > 0
      ? `Did you mean ${near.map((other) => `'${other}'`).join(', ')}?`
      : 'No name in the model is close to it.';
  return fail('unknown_tensor', `the model has no tensor '${name}'`, advice);
}

function fail(code: OnnxErrorCode, message: string, advice: string) {
  return onnxError(code, message, advice);
}
