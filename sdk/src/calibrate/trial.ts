/** Coding held-out features with some tools at several steps, and comparing what that takes at equal damage. */
import type { RatePoint } from '../eval/kl.js';
import type { Coder, Trial } from './coder.js';
import { channelsLast, type FeatureView, type Item } from './features.js';
import type { Tail } from './tail.js';

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
  /** The damage that these values do in place of the item's own, and the share of answers that stay. */
  judge(item: Item, data: Float32Array): Promise<{ kl: number; agreement: number }>;
}

/** Judges by the tail's answers. */
export function judgeByTail(tail: Tail): Judge {
  return { kind: 'kl', judge: (item, data) => tail.judge(item, data) };
}

/**
 * Judges by the error under a·G + (1 − a)·I of a row, relative to the size of the usual row about the mean: a first token a
 * hundred times the others must not set the measure.
 */
export function judgeByMetric(
  view: FeatureView,
  gram: Float64Array | undefined,
  share: number,
  mean: ArrayLike<number>,
  items: readonly Item[],
): Judge {
  const { channels } = view;
  const plane = view.height * view.width;
  const planes = !channelsLast(view);
  const sizes = (of: (at: number, c: number) => number, item: Item) => {
    const rows = new Float64Array(item.rows);
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
          rows[row] += e[c] * weighed;
        }
      }
    }
    return rows;
  };
  const energies = items.flatMap((item) => Array.from(sizes((at, c) => item.data[at] - mean[c], item)));
  const usual = energies.sort((a, b) => a - b)[energies.length >> 1];
  return {
    kind: 'weighted-error',
    async judge(item, data) {
      const error = sizes((at) => data[at] - item.data[at], item).reduce((a, b) => a + b, 0) / item.rows;
      return { kl: usual > 0 ? error / usual : 0, agreement: Number.NaN };
    },
  };
}

/** Codes every item at one step and judges what comes back. */
export async function measure(
  items: readonly Item[],
  trial: Trial | undefined,
  step: number,
  coder: Coder,
  judge: Judge,
): Promise<TrialPoint> {
  let [bytes, frames, kl, agreement] = [0, 0, 0, 0];
  for (const item of items) {
    const coded = coder(item, trial, step);
    bytes += coded.bytes.reduce((a, b) => a + b, 0);
    frames += coded.bytes.length;
    const found = await judge.judge(item, coded.data);
    kl += found.kl;
    agreement += found.agreement;
  }
  return { step, bytes: bytes / frames, kl: kl / items.length, agreement: agreement / items.length };
}

/** Items that a search for a step looks at, and how often it looks. */
const SEARCH_ITEMS = 8;
const SEARCHES = 3;

/** A step that does about the wanted damage, from a guess. */
export async function stepFor(
  target: number,
  guess: number,
  items: readonly Item[],
  trial: Trial | undefined,
  coder: Coder,
  judge: Judge,
): Promise<number> {
  let step = guess;
  for (let i = 0; i < SEARCHES; i++) {
    const { kl } = await measure(items.slice(0, SEARCH_ITEMS), trial, step, coder, judge);
    // Damage grows about with the square of the step.
    const factor = Math.sqrt(target / Math.max(kl, 1e-9));
    step *= Math.min(8, Math.max(0.125, factor));
    // A tail that does not care about some error any more must not lead to steps without end.
    step = Math.min(64 * guess, Math.max(guess / 64, step));
    if (Math.abs(Math.log(factor)) < 0.2) break;
  }
  return step;
}

/**
 * Bytes at a damage: the step is read off a straight line of ln damage on ln step through all points, which averages
 * their noise, and the bytes between the neighbouring steps. `undefined` outside the steps: nothing is extrapolated.
 */
export function bytesAt(points: readonly TrialPoint[], damage: number): number | undefined {
  const usable = points.filter((p) => p.kl > 0).sort((a, b) => a.step - b.step);
  if (usable.length < 2) return undefined;
  const x = usable.map((p) => Math.log(p.step));
  const y = usable.map((p) => Math.log(p.kl));
  const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  const [mx, my] = [mean(x), mean(y)];
  const slope = x.reduce((sum, v, i) => sum + (v - mx) * (y[i] - my), 0) / x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
  if (!(slope > 0)) return undefined;
  const at = mx + (Math.log(damage) - my) / slope;
  for (let i = 1; i < usable.length; i++) {
    if (at < x[i - 1] || at > x[i]) continue;
    const share = (at - x[i - 1]) / (x[i] - x[i - 1]);
    return usable[i - 1].bytes * (usable[i].bytes / usable[i - 1].bytes) ** share;
  }
  return undefined;
}
