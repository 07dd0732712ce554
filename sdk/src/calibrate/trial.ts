/** Coding held-out features with some tools at several steps, and comparing what that takes at equal damage. */
import type { Tensor } from '../codec/types.js';
import { bytesAtKl, type RatePoint } from '../eval/kl.js';
import { channelsLast, type FeatureView, type Item } from './features.js';
import type { ProfileParts } from './parts.js';
import type { Tail } from './tail.js';

/** Codes one frame with the tools of a profile (or without one) at a step. */
export type Coder = (
  tensor: Tensor,
  parts: ProfileParts | undefined,
  step: number,
) => { bytes: number; data: Float32Array };

/** One setting, measured. `kl` is the KL of the tail's answers, or the weighted error where no tail can run. */
export interface TrialPoint extends RatePoint {
  readonly step: number;
  /** Share of answers that stay the same; NaN without a tail. */
  readonly agreement: number;
}

/** What judges a coded item. */
export interface Judge {
  /** What the numbers are. */
  readonly kind: 'kl' | 'weighted-error';
  judge(item: Item, data: Float32Array): Promise<{ kl: number; agreement: number }>;
}

/** Judges by the tail's answers. */
export function judgeByTail(tail: Tail): Judge {
  return { kind: 'kl', judge: (item, data) => tail.judge(item, data) };
}

/** Judges by the error under a·G + (1 − a)·I, relative to the features' own size about their mean. */
export function judgeByMetric(
  view: FeatureView,
  gram: Float64Array | undefined,
  share: number,
  mean: ArrayLike<number>,
): Judge {
  const { channels } = view;
  const plane = view.height * view.width;
  const planes = !channelsLast(view);
  const size = (of: (at: number, c: number) => number, item: Item) => {
    let sum = 0;
    const e = new Float64Array(channels);
    for (let row = 0; row < item.rows; row++) {
      for (let p = 0; p < plane; p++) {
        for (let c = 0; c < channels; c++) {
          e[c] = of(planes ? (row * channels + c) * plane + p : (row * plane + p) * channels + c, c);
        }
        for (let c = 0; c < channels; c++) {
          let weighed = (gram ? 1 - share : 1) * e[c];
          if (gram) {
            let dot = 0;
            for (let k = 0, at = c * channels; k < channels; k++, at++) dot += gram[at] * e[k];
            weighed += share * dot;
          }
          sum += e[c] * weighed;
        }
      }
    }
    return sum;
  };
  const own = new Map<Item, number>();
  return {
    kind: 'weighted-error',
    async judge(item, data) {
      let energy = own.get(item);
      if (energy === undefined) {
        energy = size((at, c) => item.data[at] - mean[c], item);
        own.set(item, energy);
      }
      const error = size((at) => data[at] - item.data[at], item);
      return { kl: energy > 0 ? error / energy : 0, agreement: Number.NaN };
    },
  };
}

/** Codes every item at one step. Items of tokens are coded row by row and judged whole. */
export async function measure(
  items: readonly Item[],
  view: FeatureView,
  parts: ProfileParts | undefined,
  step: number,
  coder: Coder,
  judge: Judge,
): Promise<TrialPoint> {
  let [bytes, frames, kl, agreement] = [0, 0, 0, 0];
  const size = view.channels * view.height * view.width;
  for (const item of items) {
    const decoded = new Float32Array(item.data.length);
    const dims = view.height * view.width === 1 && view.rank < 4 ? [1, view.channels] : [1, ...item.dims.slice(1)];
    for (let from = 0; from < decoded.length; from += size) {
      const data = item.data.subarray(from, from + size);
      const frame = coder({ type: 'float32', data, dims }, parts, step);
      decoded.set(frame.data, from);
      bytes += frame.bytes;
      frames++;
    }
    const found = await judge.judge(item, decoded);
    kl += found.kl;
    agreement += found.agreement;
  }
  return { step, bytes: bytes / frames, kl: kl / items.length, agreement: agreement / items.length };
}

/** Levels of damage at which two curves are compared, spread over what both cover. */
const LEVELS = 7;

/** Geometric mean of bytes(a) ÷ bytes(b) at equal damage; `undefined` where the curves do not overlap. */
export function ratioAtEqualDamage(a: readonly RatePoint[], b: readonly RatePoint[]): number | undefined {
  const range = (points: readonly RatePoint[]) => {
    const all = points.map((p) => p.kl).filter((x) => x > 0);
    return [Math.min(...all), Math.max(...all)];
  };
  const [[lowA, highA], [lowB, highB]] = [range(a), range(b)];
  const [low, high] = [Math.max(lowA, lowB), Math.min(highA, highB)];
  if (!(low < high)) return undefined;
  let [sum, count] = [0, 0];
  for (let i = 0; i < LEVELS; i++) {
    const level = low * (high / low) ** ((i + 0.5) / LEVELS);
    const [p, q] = [bytesAtKl(a, level), bytesAtKl(b, level)];
    if (p === undefined || q === undefined) continue;
    sum += Math.log(p / q);
    count++;
  }
  return count > 0 ? Math.exp(sum / count) : undefined;
}
