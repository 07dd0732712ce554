/** Multiply–accumulates per operator: the measure of compute before and behind a cut. */
import type { GraphNode } from './graph.js';
import { attribute } from './tensor-info.js';

/** Sizes of a value by name, or `undefined` where they are not known. */
export type DimsOf = (name: string) => readonly number[] | undefined;

const volume = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/**
 * Multiply–accumulates of one node: convolutions and matrix products count, everything else is 0, as is usual.
 * `undefined` where the sizes it needs are not known.
 */
export function nodeMacs(node: GraphNode, dimsOf: DimsOf): number | undefined {
  const [first, second] = node.proto.input.map((name) => (name === '' ? undefined : dimsOf(name)));
  const output = dimsOf(node.outputs[0] ?? '');
  switch (node.opType) {
    case 'Conv':
    case 'ConvInteger':
      // Each output element takes one product per weight of its output channel.
      return output && second && (volume(output) * volume(second)) / second[0]!;
    case 'QLinearConv': {
      const weight = dimsOf(node.proto.input[3] ?? '');
      return output && weight && (volume(output) * volume(weight)) / weight[0]!;
    }
    case 'ConvTranspose':
      // Each input element meets every weight of its input channel.
      return first && second && (volume(first) * volume(second)) / second[0]!;
    case 'MatMul':
    case 'MatMulInteger':
      return output && first && volume(output) * first[first.length - 1]!;
    case 'Gemm': {
      if (!output || !first) return undefined;
      const transposed = Number(attribute(node, 'transA')?.i ?? 0) !== 0;
      return volume(output) * first[transposed ? 0 : 1]!;
    }
    case 'MatMulNBits': {
      const k = Number(attribute(node, 'K')?.i ?? 0);
      return output && volume(output) * k;
    }
    default:
      return 0;
  }
}
