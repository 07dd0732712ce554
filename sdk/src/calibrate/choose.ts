/** Which tools a profile switches on: those that cost least on held-out features, the profile itself included. */

import type { Coder, Trial } from './coder.js';
import type { FeatureView, Item } from './features.js';
import { NO_TOOLS, type Tools } from './parts.js';
import { bytesAt, type Judge, measure, stepFor, type TrialPoint } from './trial.js';

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
  /** Bytes of a frame at the damage that is aimed at, the profile apart; `null` where it was not reached. */
  readonly bytes: number | null;
  /** Those ÷ the bytes without a profile. */
  readonly ratio: number | null;
  /** The same on the second source; `null` where none was given. */
  readonly secondRatio: number | null;
  /** Frames after which the profile has paid for itself; `null` where it never does. */
  readonly breakEvenFrames: number | null;
  /** Bytes of a frame with its share of the profile; infinite where the damage was not reached. */
  readonly bytesPerFrame: number;
  /** The step for that damage, about. */
  readonly step: number;
  readonly points: readonly TrialPoint[];
}

/** Everything a choice rests on. */
export interface Trials {
  readonly items: readonly Item[];
  readonly second?: readonly Item[];
  readonly judge: Judge;
  readonly secondJudge?: Judge;
  readonly coder: Coder;
  /** Writes the profile that switches these tools on. */
  readonly build: (tools: Tools) => Promise<Trial>;
  /** Damage at which bytes are compared, and a guess at the step that does it. */
  readonly target: number;
  readonly guess: number;
  /** Frames that share one profile. */
  readonly amortise: number;
  readonly progress?: (done: number, total: number) => void;
}

/** The sets of tools that suit a view. */
export function candidatesFor(view: FeatureView, hasTransform: boolean): Candidate[] {
  const of = (...on: (keyof Tools)[]): Candidate => {
    const tools: Tools = { ...NO_TOOLS, ...Object.fromEntries(on.map((tool) => [tool, true])) };
    return {
      name: on
        .filter((tool) => tool !== 'dense')
        .map((tool) => NAMES[tool])
        .join(', '),
      tools,
    };
  };
  const none: Candidate = { name: 'none' };
  if (view.height * view.width === 1) {
    return [none, of('mean', 'trellis'), ...(hasTransform ? [of('mean', 'transform', 'trellis')] : [])];
  }
  const list = [none, of('dense', 'dct', 'frequencyWeight', 'trellis', 'energy')];
  if (!hasTransform) return list;
  const base = ['dense', 'mean', 'transform'] as const;
  return [
    ...list,
    of(...base, 'energy'),
    of(...base, 'trellis'),
    of(...base, 'dct', 'energy'),
    of(...base, 'dct', 'frequencyWeight'),
    of(...base, 'dct', 'frequencyWeight', 'energy'),
    of(...base, 'dct', 'frequencyWeight', 'trellis', 'energy'),
  ];
}

/** What people read. */
const NAMES: Record<keyof Tools, string> = {
  mean: 'mean and scale',
  transform: 'transform',
  dct: 'DCT',
  frequencyWeight: 'frequency weight',
  trellis: 'trellis',
  energy: 'energy',
  dense: 'dense coder',
};

/** Steps of a trial, in parts of the one that does the damage aimed at. */
const SPREAD = [0.55, 0.8, 1.2, 1.8];
/** Steps beyond those, at most. */
const FURTHER = 4;

/** Tries every candidate; the first outcome is that of no profile. */
export async function tryAll(candidates: readonly Candidate[], trials: Trials): Promise<Outcome[]> {
  const { target, coder, items, judge, second, secondJudge = judge } = trials;
  const total = candidates.length * SPREAD.length * (second ? 2 : 1);
  let done = 0;
  const curve = async (trial: Trial | undefined, step: number, from: readonly Item[], by: Judge) => {
    const points: TrialPoint[] = [];
    const add = async (at: number) => points.push(await measure(from, trial, at, coder, by));
    for (const share of SPREAD) {
      trials.progress?.(done++, total);
      await add(share * step);
    }
    // The search looked at a few items only: go on where the damage lies beyond the steps.
    let [low, high] = [SPREAD[0] * step, SPREAD[SPREAD.length - 1] * step];
    for (let i = 0; i < FURTHER && bytesAt(points, target) === undefined; i++) {
      const coarser = 2 * points.filter((p) => p.kl < target).length >= points.length;
      if (coarser) high *= 1.6;
      else low /= 1.6;
      await add(coarser ? high : low);
    }
    return points;
  };
  const outcomes: Outcome[] = [];
  let step = trials.guess;
  let plain: number | undefined;
  let secondPlain: number | undefined;
  for (const { name, tools } of candidates) {
    const trial = tools && (await trials.build(tools));
    const found = await stepFor(target, step, items, trial, coder, judge);
    const points = await curve(trial, found, items, judge);
    const bytes = bytesAt(points, target);
    const other = second && bytesAt(await curve(trial, found, second, secondJudge), target);
    // The next search begins where this one ended, if it got there.
    if (bytes !== undefined) step = found;
    if (!trial) [plain, secondPlain] = [bytes, other];
    const profileBytes = trial?.profile.length ?? 0;
    const saved = plain !== undefined && bytes !== undefined ? plain - bytes : 0;
    outcomes.push({
      name,
      profileBytes,
      bytes: bytes ?? null,
      ratio: quotient(bytes, plain),
      secondRatio: quotient(other, secondPlain),
      breakEvenFrames: !trial ? 0 : saved > 0 ? Math.ceil(profileBytes / saved) : null,
      bytesPerFrame: bytes === undefined ? Number.POSITIVE_INFINITY : bytes + profileBytes / trials.amortise,
      step: found,
      points,
    });
  }
  return outcomes;
}

function quotient(a: number | undefined, b: number | undefined): number | null {
  return a === undefined || b === undefined ? null : a / b;
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
  // Where coding without a profile could not be measured, no profile can be shown to be better.
  const known = outcomes[0].bytes !== null;
  for (const [i, { tools }] of candidates.entries()) {
    const { bytesPerFrame, secondRatio } = outcomes[i];
    if (rules.forceTransform) {
      if (!tools?.transform) continue;
    } else if (tools && !known) {
      continue;
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
