/** Cutting a model at several places one behind the other: head, middles, tail. */
import { onnxError } from './errors.js';
import { buildGraph, type Graph } from './graph.js';
import { type CutOptions, cutGraph, type ModelPart, shapesAcross } from './split.js';
import type { TensorInfo } from './tensor-info.js';

/** A model cut at one or more places. */
export interface Chain {
  /** What crosses at each place, in the order of the data. */
  readonly cuts: readonly (readonly TensorInfo[])[];
  /** One more than cuts. */
  readonly parts: readonly ModelPart[];
}

/**
 * Cuts a model at each of the groups of tensors in turn.
 *
 * @param groups - in the order of the data: each lies behind the one before.
 * @throws SlicerError as `cutGraph`, and `not_a_cut` for groups out of order.
 */
export function cutChain(graph: Graph, groups: readonly (readonly string[])[], options: CutOptions = {}): Chain {
  const cuts: (readonly TensorInfo[])[] = [];
  const parts: ModelPart[] = [];
  let rest = graph;
  let given = options;
  /** Shapes that crossed earlier: inputs of the rest that carry no data. */
  const shapes = new Map<string, TensorInfo>();
  for (const [i, group] of groups.entries()) {
    checkOrder(graph, rest, groups, i);
    const { tensors, head, tail } = cutGraph(rest, group, given);
    // What a later part still needs of them crosses again, straight through.
    const forwarded = tail.inputs.flatMap((name) => (group.includes(name) ? [] : (shapes.get(name) ?? [])));
    cuts.push([...tensors, ...forwarded]);
    for (const tensor of tensors) if (!group.includes(tensor.name)) shapes.set(tensor.name, tensor);
    parts.push(head);
    if (i === groups.length - 1) {
      parts.push(tail);
      break;
    }
    rest = buildGraph(tail.model);
    const to = options.to?.filter((name) => tail.outputs.includes(name));
    given = { ...options, from: group, ...(to ? { to } : {}) };
  }
  return { cuts, parts };
}

/** Values whose types and sizes decide how the groups can be cut. */
export function namesToKnow(graph: Graph, groups: readonly (readonly string[])[], options: CutOptions): string[] {
  const known = groups.filter((group) => group.every((name) => graph.values.has(name)));
  return [...new Set(known.flatMap((group) => [...group, ...shapesAcross(graph, group, options)]))];
}

function checkOrder(whole: Graph, rest: Graph, groups: readonly (readonly string[])[], at: number): void {
  const lost = groups[at]!.find((name) => !rest.values.has(name) && whole.values.has(name));
  if (lost === undefined) return;
  throw onnxError(
    'not_a_cut',
    `'${lost}' does not lie behind the cut at ${groups[at - 1]!.map((name) => `'${name}'`).join(', ')}`,
    'Give the cuts of a chain from the input towards the output.',
  );
}
