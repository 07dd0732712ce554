/** A budget of task quality where the tail is at hand: the smallest frame whose answers are measured to stay close enough. */
import { SlicerError } from '../codec/errors.js';
import type { EncodeOptions, EncodeReport, Tensor } from '../codec/types.js';
import { decode, encode } from '../entry/index.js';
import { divergence, type Logits } from './kl.js';

/** What the answers may lose, and how they are got. */
export interface MeasuredBudget {
  /** Most KL divergence of the answers, nats, more than 0. */
  readonly kl: number;
  /** Runs the tail on a tensor of the cut; resolves with its logits, position after position. */
  readonly answers: (tensor: Tensor) => Logits | Promise<Logits>;
  /** Classes of a position; all logits are one position unless given. */
  readonly classes?: number;
  /** The step to begin with; by the profile's curve, or for an NRMSE of 0.3, unless given. */
  readonly step?: number;
  /** Frames that may be made and judged, at least 2; 8 unless given. */
  readonly tries?: number;
}

/** A frame and what the tail made of it. */
export interface MeasuredFrame {
  readonly bytes: Uint8Array;
  /** Measured on the decoded frame: at most what the budget allows. */
  readonly kl: number;
  /** Share of positions whose top class stays. */
  readonly agreement: number;
  readonly step: number;
  readonly report: EncodeReport;
  /** Frames that were made and judged. */
  readonly tries: number;
}

/** Answers this close below the budget end the search. */
const CLOSE = 0.9;
/** KL grows about with this power of the step. */
const POWER = 2;
/** The step changes by at most this factor from try to try. */
const LEAP = 8;

/**
 * Encodes a tensor so that the tail's answers move by at most `kl`. Every try is decoded and run through the tail, so the
 * promise is kept for this tensor and this tail, not only expected.
 *
 * @throws SlicerError `budget_unreachable` when no try stayed within the budget, `invalid_option` for a budget that makes
 *   no sense, and whatever `encode` or `answers` throw.
 */
export async function encodeWithinKl(
  tensor: Tensor,
  budget: MeasuredBudget,
  options: Omit<EncodeOptions, 'budget' | 'preset'> = {},
): Promise<MeasuredFrame> {
  const { kl: limit, answers, tries = 8 } = budget;
  check(limit > 0 && Number.isFinite(limit), 'kl', 'a number above 0');
  check(Number.isInteger(tries) && tries >= 2, 'tries', 'a whole number from 2');
  check(budget.step === undefined || (budget.step > 0 && Number.isFinite(budget.step)), 'step', 'a number above 0');
  // A copy: runtimes may reuse the memory of their outputs.
  const reference = Float64Array.from(await answers(tensor));
  const profiles = options.profile ? [options.profile] : [];
  let step = budget.step ?? firstStep(tensor, limit, options);
  let best: MeasuredFrame | undefined;
  // The steps next to the budget on both sides, with their KL.
  let below: [number, number] | undefined;
  let above: [number, number] | undefined;
  for (let made = 1; made <= tries; made++) {
    const { bytes, report } = encode(tensor, { ...options, budget: { step } });
    const moved = await answers(decode(bytes, { profiles }));
    const { kl, agreement } = divergence(reference, moved, budget.classes);
    if (kl <= limit) {
      if (!below || step > below[0]) below = [step, kl];
      if (!best || bytes.length < best.bytes.length) best = { bytes, kl, agreement, step, report, tries: made };
      if (kl >= CLOSE * limit) break;
    } else if (!above || step < above[0]) {
      above = [step, kl];
    }
    step = nextStep(step, kl, limit, below, above);
  }
  if (best) return best;
  throw new SlicerError('budget_unreachable', `No frame kept the answers within a KL of ${limit} in ${tries} tries.`, {
    advice: 'Allow a larger kl or more tries, or begin with a smaller step.',
  });
}

/** By the power law from one side of the budget; between both sides along a line of the logarithms, or halfway. */
function nextStep(
  step: number,
  kl: number,
  limit: number,
  below: [number, number] | undefined,
  above: [number, number] | undefined,
): number {
  const aim = limit * (1 + CLOSE) * 0.5;
  if (below && above) {
    const [a, b] = [below, above];
    const share = Math.log(aim / Math.max(a[1], 1e-12)) / Math.log(b[1] / Math.max(a[1], 1e-12));
    // KL of one tensor is a rough curve: stay off the ends.
    return a[0] * (b[0] / a[0]) ** Math.min(0.9, Math.max(0.1, share));
  }
  const factor = (aim / Math.max(kl, 1e-12)) ** (1 / POWER);
  return step * Math.min(LEAP, Math.max(1 / LEAP, factor));
}

function firstStep(tensor: Tensor, kl: number, options: Omit<EncodeOptions, 'budget' | 'preset'>): number {
  if (options.profile) {
    try {
      return encode(tensor, { ...options, budget: { expectedKl: kl } }).report.step;
    } catch (error) {
      // A profile without a curve, or a wish beyond its ends, gives no hint.
      if (!(error instanceof SlicerError && error.code === 'invalid_budget')) throw error;
    }
  }
  return encode(tensor, { ...options, budget: { nrmse: 0.3 } }).report.step || 1;
}

function check(holds: boolean, name: string, what: string): void {
  if (!holds) throw new SlicerError('invalid_option', `${name} must be ${what}.`, { advice: 'See MeasuredBudget.' });
}
