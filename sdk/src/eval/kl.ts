/**
 * How far a network's answers move when a tensor inside it is coded: KL divergence and agreement, and reading curves of
 * them. KL = D(reference ‖ other) in nats over the whole softmax at temperature 1.
 */
import { Mismatch } from './mismatch.js';

/** Logits of one or more positions, `classes` each. */
export type Logits = ArrayLike<number>;

/** How the answers of one item differ from the reference. */
export interface Divergence {
  /** Mean KL over the item's positions, at least 0. */
  kl: number;
  /** Share of positions with the same top class, 0…1. */
  agreement: number;
}

/** What logits say of the class that should come at a position. */
export interface Target {
  /** Its log-probability, nats. */
  readonly log: number;
  /** Whether it is the top class. */
  readonly top: boolean;
}

/** ln softmax of the logits from `at` to `at + classes`, in f64. */
export function logSoftmax(logits: Logits, at = 0, classes = logits.length): Float64Array {
  const result = new Float64Array(classes);
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < classes; i++) {
    result[i] = logits[at + i];
    if (result[i] > top) top = result[i];
  }
  let sum = 0;
  for (let i = 0; i < classes; i++) sum += Math.exp(result[i] - top);
  const shift = top + Math.log(sum);
  for (let i = 0; i < classes; i++) result[i] -= shift;
  return result;
}

/** The reference's answers, prepared once for any number of comparisons. */
export class Reference {
  /** Positions the logits hold. */
  readonly positions: number;
  private readonly weights: Float64Array;
  /** Sum of p ln p per position. */
  private readonly own: Float64Array;
  private readonly tops: Int32Array;

  /** @throws RangeError when the logits are no whole number of positions. */
  constructor(
    logits: Logits,
    readonly classes = logits.length,
  ) {
    this.positions = logits.length / classes;
    if (!Number.isInteger(this.positions) || this.positions < 1) {
      throw new Mismatch(`${logits.length} logits are no positions of ${classes} classes`);
    }
    this.weights = new Float64Array(logits.length);
    this.own = new Float64Array(this.positions);
    this.tops = new Int32Array(this.positions);
    for (let position = 0; position < this.positions; position++) {
      const p = logSoftmax(logits, position * classes, classes);
      const at = position * classes;
      let own = 0;
      for (let i = 0; i < classes; i++) {
        const weight = Math.exp(p[i]);
        this.weights[at + i] = weight;
        if (weight > 0) own += weight * p[i];
      }
      this.own[position] = own;
      this.tops[position] = topOf(p);
    }
  }

  /** What the reference says of one class per position. */
  targets(targets: readonly number[]): Target[] {
    return targets.map((target, position) => ({
      log: Math.log(this.weights[position * this.classes + target]),
      top: target === this.tops[position],
    }));
  }

  /**
   * How far other logits of the same positions are from the reference, and, where one class per position is named, what
   * they say of those.
   *
   * @throws RangeError when their number differs.
   */
  compare(other: Logits, targets: readonly number[] = []): Divergence & { targets: Target[] } {
    const { classes, positions, weights } = this;
    const found: Target[] = [];
    if (other.length !== positions * classes) {
      throw new Mismatch(`${other.length} logits are not ${positions} positions of ${classes} classes`);
    }
    let [kl, same] = [0, 0];
    for (let position = 0; position < positions; position++) {
      const q = logSoftmax(other, position * classes, classes);
      const at = position * classes;
      let cross = 0;
      for (let i = 0; i < classes; i++) if (weights[at + i] > 0) cross += weights[at + i] * q[i];
      kl += this.own[position] - cross;
      const top = topOf(q);
      if (top === this.tops[position]) same++;
      if (position < targets.length) found.push({ log: q[targets[position]], top: top === targets[position] });
    }
    return { kl: Math.max(0, kl / positions), agreement: same / positions, targets: found };
  }
}

/**
 * Compares logits with the reference's.
 *
 * @throws RangeError when the lengths differ or are no whole number of positions.
 */
export function divergence(reference: Logits, other: Logits, classes = reference.length): Divergence {
  const { kl, agreement } = new Reference(reference, classes).compare(other);
  return { kl, agreement };
}

function topOf(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** Mean, median, 95th percentile and maximum of a list that is not empty. */
export function spread(values: readonly number[]): { mean: number; median: number; p95: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const low = Math.floor(place);
    return sorted[low] + (place - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
  };
  const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
  return { mean, median: at(0.5), p95: at(0.95), max: sorted[sorted.length - 1] };
}

/** One setting of a codec: what it takes, and what it does to the answers. */
export interface RatePoint {
  bytes: number;
  kl: number;
}

/**
 * Bytes at a wanted KL: straight lines of ln KL against ln bytes between neighbouring points, in the order of their bytes.
 * `undefined` outside the points: nothing is extrapolated.
 */
export function bytesAtKl(points: readonly RatePoint[], kl: number): number | undefined {
  const curve = [...points].sort((a, b) => a.bytes - b.bytes);
  for (let i = 1; i < curve.length; i++) {
    const [a, b] = [curve[i - 1], curve[i]];
    // The first crossing from above: where noise makes the curve wavy, the fewest bytes that reach the quality.
    if (a.kl >= kl && b.kl <= kl) {
      const share = a.kl === b.kl ? 0 : Math.log(a.kl / kl) / Math.log(a.kl / b.kl);
      return a.bytes * (b.bytes / a.bytes) ** share;
    }
  }
  return undefined;
}

/** The points on the lower convex hull of (ln bytes, ln KL), by bytes: the best that any of the settings does. */
export function lowerHull<P extends RatePoint>(points: readonly P[]): P[] {
  const place = (p: RatePoint) => [Math.log(p.bytes), Math.log(p.kl)] as const;
  const hull: P[] = [];
  for (const point of [...points].sort((a, b) => a.bytes - b.bytes || a.kl - b.kl)) {
    const last = hull.at(-1);
    if (last && point.kl >= last.kl) continue;
    while (hull.length >= 2) {
      const [[x0, y0], [x1, y1], [x2, y2]] = [place(hull[hull.length - 2]), place(hull[hull.length - 1]), place(point)];
      if ((x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0) > 0) break;
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}
