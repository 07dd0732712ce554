/** Whether a set of tensors is a cut, and if not, why: in words that say what to do instead. */
import { cutsOfFlow, isEnd } from './cuts.js';
import { type OnnxErrorCode, onnxError } from './errors.js';
import { type DataFlow, reachable } from './flow.js';
import type { Graph } from './graph.js';
import { nearestNames } from './names.js';

/**
 * Checks that the tensors `names` are a cut together: every way from the inputs to the outputs runs through one of them,
 * and each is needed.
 *
 * @throws SlicerError `unknown_tensor` with the nearest names, or `not_a_cut` with what goes round the tensors.
 */
export function requireCut(graph: Graph, names: readonly string[], flow: DataFlow): void {
  if (names.length === 0) throw fail('invalid_option', 'a cut needs the name of a tensor', 'See `slicer cuts`.');
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw fail('invalid_option', `'${repeated}' is named twice in one cut`, 'Name it once.');
  for (const name of names) requireMember(graph, name, names, flow);
  const way = pathAround(graph, names, flow);
  if (way) {
    const [does, them] = names.length === 1 ? ['does not', 'it'] : ['do not together', 'them'];
    throw fail(
      'not_a_cut',
      `${quoted(names)} ${does} separate the inputs from the outputs: ${describePath(graph, names, way)} goes round ${them}`,
      nearbyCuts(graph, names, flow),
    );
  }
  const idle = names.find((name) => !readBehind(graph, name, names, flow));
  if (idle !== undefined) {
    const rest = names.filter((name) => name !== idle);
    throw fail('not_a_cut', `'${idle}' is not read behind the cut: ${quoted(rest)} suffices`, 'Leave it out.');
  }
}

function requireMember(graph: Graph, name: string, names: readonly string[], flow: DataFlow): void {
  const value = graph.values.get(name);
  if (!value) throw unknownTensor(graph, name);
  const refuse = (why: string) => fail('not_a_cut', `'${name}' ${why}`, nearbyCuts(graph, names, flow));
  if (value.role === 'input' && names.every((other) => graph.values.get(other)?.role === 'input')) {
    throw refuse("is the model's input: the head would be empty");
  }
  if (value.role === 'initializer') throw refuse('is a weight: it does not depend on the input');
  if (!flow.fromSources.has(name)) {
    throw refuse('does not depend on what the input holds: it is a constant, or computed from shapes alone');
  }
  if (!flow.data.has(name)) throw refuse('reaches no output of the model');
  if (isEnd(graph, name)) throw refuse("is the model's output: the tail would be empty");
}

/** Whether a member of a cut is read by something that the other members do not already give. */
function readBehind(graph: Graph, name: string, names: readonly string[], flow: DataFlow): boolean {
  const given = new Set(names);
  const seen = new Set<string>();
  const stack = [...flow.sinks].filter((sink) => flow.data.has(sink) && !given.has(sink));
  while (stack.length > 0) {
    const at = stack.pop()!;
    if (at === name) return true;
    if (seen.has(at) || given.has(at)) continue;
    seen.add(at);
    stack.push(...(graph.values.get(at)?.producer?.inputs ?? []));
  }
  return false;
}

/** A way from a source to a sink, as value names, that avoids all of `names`; the shortest there is. */
export function pathAround(graph: Graph, names: readonly string[], flow: DataFlow): string[] | undefined {
  const closed = new Set(names);
  const cameFrom = new Map<string, string | undefined>();
  const queue: string[] = [];
  for (const source of flow.sources) {
    if (closed.has(source) || !flow.data.has(source)) continue;
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
        if (closed.has(next) || !flow.data.has(next) || cameFrom.has(next)) continue;
        cameFrom.set(next, at);
        queue.push(next);
      }
    }
  }
  return undefined;
}

/** A path in at most a line: its ends, and where it leaves and rejoins the values that depend on `names`. */
function describePath(graph: Graph, names: readonly string[], path: string[]): string {
  const before = ancestors(graph, names);
  const behind = reachable(graph, names);
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

function ancestors(graph: Graph, names: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const stack = names.flatMap((name) => graph.values.get(name)?.producer?.inputs ?? []);
  while (stack.length > 0) {
    const value = stack.pop()!;
    if (seen.has(value)) continue;
    seen.add(value);
    stack.push(...(graph.values.get(value)?.producer?.inputs ?? []));
  }
  return seen;
}

const quoted = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');

/** Names the closest legal cuts before and behind the last of some values. */
function nearbyCuts(graph: Graph, names: readonly string[], flow: DataFlow): string {
  const cuts = cutsOfFlow(graph, flow);
  if (cuts.length === 0) return 'No single tensor separates this model: `slicer cuts --multi` lists cuts of several.';
  const at = Math.max(...names.map((name) => graph.values.get(name)?.producer?.index ?? -1));
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
