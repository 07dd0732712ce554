/** Operators that mix channels by a weight: each gives Σ WᵀW over what it computes. */
import type { GraphNode } from '../onnx/graph.js';
import { attribute } from '../onnx/tensor-info.js';
import { Gram } from './gram.js';
import { channelMap, type Place } from './place.js';
import type { Weight, Weights } from './weights.js';

/** The Gram matrix of one weight. */
export interface Read {
  readonly weight: string;
  readonly gram: Gram;
}

/** What a node's weight does to the channels; a text why it cannot be told, or `undefined` for other operators. */
export async function readWeight(node: GraphNode, place: Place, weights: Weights): Promise<Read | string | undefined> {
  const [first, second, third] = node.proto.input;
  const number = (name: string, fallback: number) => Number(attribute(node, name)?.i ?? fallback);
  switch (node.opType) {
    case 'Conv':
    case 'FusedConv': {
      const weight = first === place.name ? await weights.get(second!) : undefined;
      if (!weight) return 'its weight is computed';
      return place.axis === 1 ? convolution(place, weight, number('group', 1)) : 'the channels are not its axis 1';
    }
    case 'ConvTranspose': {
      const weight = first === place.name ? await weights.get(second!) : undefined;
      if (!weight) return 'its weight is computed';
      return place.axis === 1 ? linear(place, weight, 0) : 'the channels are not its axis 1';
    }
    case 'Gemm': {
      if (third === place.name) return undefined;
      const left = first === place.name;
      const weight = await weights.get((left ? second : first)!);
      if (!weight) return 'its weight is computed';
      const inner = left ? (number('transA', 0) ? 0 : 1) : number('transB', 0) ? 1 : 0;
      if (place.axis !== inner) return 'it does not sum over the channels';
      return linear(place, weight, left ? number('transB', 0) : 1 - number('transA', 0));
    }
    case 'MatMul':
    case 'FusedMatMul': {
      const left = first === place.name;
      const weight = await weights.get((left ? second : first)!);
      if (!weight) return 'both sides are computed';
      const turned = number(left ? 'transA' : 'transB', 0) === 1;
      const other = number(left ? 'transB' : 'transA', 0);
      const last = place.rank - 1;
      if (place.axis !== (left === turned ? last - 1 : last)) return 'it does not sum over the channels';
      const rank = weight.dims.length;
      // The summed axis of a matrix: the last but one on the right side, the last on the left.
      return linear(place, weight, rank === 1 ? 0 : (left ? 0 : 1) === other ? rank - 2 : rank - 1);
    }
    case 'MatMulNBits': {
      const weight = first === place.name ? await weights.matMulNBits(node) : undefined;
      if (!weight) return 'its weight cannot be read';
      return place.axis === place.rank - 1 ? linear(place, weight, 1) : 'it does not sum over the channels';
    }
    case 'Attention': {
      // The fused operator of onnxruntime: queries, keys and values from one weight.
      if (node.domain !== 'com.microsoft' || first !== place.name) return 'it has no weight of its own';
      const weight = await weights.get(second!);
      return weight ? linear(place, weight, 0) : 'its weight is computed';
    }
    default:
      return undefined;
  }
}

/** Any weight that sums over one of its axes: every setting of the other axes is a row. */
function linear(place: Place, weight: Weight, axis: number): Read | string {
  const entries = weight.dims[axis];
  const map = channelMap(place, entries);
  if (!map) return `its weight takes ${entries} inputs, which are not these channels`;
  const inner = weight.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = weight.dims.slice(0, axis).reduce((a, b) => a * b, 1);
  const gram = new Gram(place.gain.length);
  // Positions that share the axis with the channels are rows of their own: errors at two of them do not add up.
  const rows = Array.from({ length: place.merged ? entries / place.gain.length : 1 }, () => place.gain.slice());
  const next = new Int32Array(place.gain.length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      next.fill(0);
      for (let k = 0; k < entries; k++) {
        const c = map[k];
        if (c >= 0) rows[next[c]++][c] = weight.data[(o * entries + k) * inner + i] * place.gain[c];
      }
      for (const row of rows) {
        if (place.centred) centre(row);
        gram.row().set(row);
      }
    }
  }
  return { weight: weight.name, gram };
}

/** [outputs, channels / groups, …taps]: every output and tap is a row over the channels of its group. */
function convolution(place: Place, weight: Weight, groups: number): Read | string {
  const [outputs, width, ...kernel] = weight.dims;
  const map = channelMap(place, width * groups);
  if (!map) return `its weight takes ${width * groups} channels, which are not these`;
  const taps = kernel.reduce((a, b) => a * b, 1);
  const gram = new Gram(place.gain.length);
  for (let o = 0; o < outputs; o++) {
    const first = Math.floor(o / (outputs / groups)) * width;
    for (let tap = 0; tap < taps; tap++) {
      const row = gram.row();
      for (let k = 0; k < width; k++) {
        const c = map[first + k];
        if (c >= 0) row[c] = weight.data[(o * width + k) * taps + tap] * place.gain[c];
      }
      if (place.centred) centre(row);
    }
  }
  return { weight: weight.name, gram };
}

/** A norm that takes the mean away lets no common part of the channels through. */
function centre(row: Float64Array): void {
  const mean = row.reduce((a, b) => a + b, 0) / row.length;
  for (let c = 0; c < row.length; c++) row[c] -= mean;
}
