/** Which tools a profile switches on: those that cost least on held-out features, the profile itself included. */

import { LONGEST_DCT } from './apply.js';
import type { FeatureView, Item } from './features.js';
import type { ProfileParts, Tools } from './parts.js';
import { type Coder, type Judge, measure, ratioAtEqualDamage, type TrialPoint } from './trial.js';

/** A set of tools on trial. */
export interface Candidate {
  readonly name: string;
  /** Absent for coding without a profile. */
  readonly tools?: Tools;
}

/** What a candidate does on held-out features. */
export interface Outcome {
  readonly name: string;
  /** Bytes of the profile with these tools. */
  readonly profileBytes: number;
  /** Bytes of a frame ÷ those without a profile, at equal damage; `null` where the curves do not meet. */
  readonly ratio: number | null;
  /** The same on the second source; `null` where none was given. */
  readonly secondRatio: number | null;
  /** Frames after which the profile has paid for itself; `null` where it never does. */
  readonly breakEvenFrames: number | null;
  /** Bytes of a frame with its share of the profile. */
  readonly bytesPerFrame: number;
  readonly points: readonly TrialPoint[];
}

/** Everything a choice rests on. */
export interface Trials {
  readonly view: FeatureView;
  readonly items: readonly Item[];
  readonly second?: readonly Item[];
  readonly judge: Judge;
  readonly secondJudge?: Judge;
  readonly coder: Coder;
  readonly build: (tools: Tools) => ProfileParts;
  readonly bytesOf: (parts: ProfileParts) => number;
  readonly steps: readonly number[];
  /** Frames that share one profile. */
  readonly amortise: number;
  readonly progress?: (done: number, total: number) => void;
}

/** The sets of tools that suit a view. */
export function candidatesFor(view: FeatureView, hasTransform: boolean): Candidate[] {
  const planes = view.height * view.width > 1;
  const dct = planes && view.height <= LONGEST_DCT && view.width <= LONGEST_DCT;
  const list: Candidate[] = [{ name: 'none' }];
  for (const transform of hasTransform ? [false, true] : [false]) {
    const base = transform ? 'transform' : 'mean and scale';
    list.push({ name: base, tools: { transform, dct: false, frequencyWeight: false } });
    if (!dct) continue;
    list.push({ name: `${base}, DCT`, tools: { transform, dct: true, frequencyWeight: false } });
    list.push({ name: `${base}, DCT, frequency weight`, tools: { transform, dct: true, frequencyWeight: true } });
  }
  return list;
}

/** Tries every candidate; the first outcome is that of no profile. */
export async function tryAll(candidates: readonly Candidate[], trials: Trials): Promise<Outcome[]> {
  const total = candidates.length * trials.steps.length * (trials.second ? 2 : 1);
  let done = 0;
  const curve = async (parts: ProfileParts | undefined, items: readonly Item[], judge: Judge) => {
    const points: TrialPoint[] = [];
    for (const step of trials.steps) {
      trials.progress?.(done++, total);
      points.push(await measure(items, trials.view, parts, step, trials.coder, judge));
    }
    return points;
  };
  const outcomes: Outcome[] = [];
  let none: TrialPoint[] | undefined;
  let secondNone: TrialPoint[] | undefined;
  for (const { name, tools } of candidates) {
    const parts = tools && trials.build(tools);
    const points = await curve(parts, trials.items, trials.judge);
    const secondPoints = trials.second && (await curve(parts, trials.second, trials.secondJudge ?? trials.judge));
    none ??= points;
    secondNone ??= secondPoints;
    const ratio = parts ? ratioAtEqualDamage(points, none) : 1;
    const secondRatio = secondPoints && secondNone ? ratioAtEqualDamage(secondPoints, secondNone) : undefined;
    const plain = middle(none);
    const profileBytes = parts ? trials.bytesOf(parts) : 0;
    const saved = ratio === undefined ? 0 : plain * (1 - ratio);
    outcomes.push({
      name,
      profileBytes,
      ratio: ratio ?? null,
      secondRatio: secondRatio ?? null,
      breakEvenFrames: !parts ? 0 : saved > 0 ? Math.ceil(profileBytes / saved) : null,
      bytesPerFrame: ratio === undefined ? Number.POSITIVE_INFINITY : plain - saved + profileBytes / trials.amortise,
      points,
    });
  }
  return outcomes;
}

/** Geometric mean of the bytes of a curve. */
function middle(points: readonly TrialPoint[]): number {
  return Math.exp(points.reduce((sum, p) => sum + Math.log(p.bytes), 0) / points.length);
}

/** How the choice may fall. */
export interface Rules {
  /** Take a transform whatever the trials say. */
  readonly forceTransform: boolean;
  /** A transform must win on the second source as well, which must be there. */
  readonly transformNeedsSecond: boolean;
}

/** The cheapest candidate that the rules allow: its index. */
export function cheapest(candidates: readonly Candidate[], outcomes: readonly Outcome[], rules: Rules): number {
  let best = -1;
  for (const [i, { tools }] of candidates.entries()) {
    const { bytesPerFrame, secondRatio } = outcomes[i];
    if (rules.forceTransform) {
      if (!tools?.transform) continue;
    } else if (tools?.transform && rules.transformNeedsSecond) {
      if (secondRatio === null || secondRatio >= 1) continue;
    } else if (secondRatio !== null && secondRatio > 1) {
      // Worse than nothing on the other source.
      continue;
    }
    if (best < 0 || bytesPerFrame < outcomes[best].bytesPerFrame) best = i;
  }
  return best;
}
