/**
 * How far a network's answers move when a tensor inside it is coded: KL divergence and agreement, and reading curves of
 * them. KL = D(reference ‖ other) in nats over the whole softmax at temperature 1.
 */

/** Logits of one or more positions, `classes` each. */
export type Logits = ArrayLike<number>;

/** How the answers of one item differ from the reference. */
export interface Divergence {
  /** Mean KL over the item's positions, at least 0. */
  kl: number;
  /** Share of positions with the same top class, 0…1. */
  agreement: number;
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

/**
 * Compares logits with the reference's.
 *
 * @throws RangeError when the lengths differ or are no whole number of positions.
 */
export function divergence(reference: Logits, other: Logits, classes = reference.length): Divergence {
  const positions = reference.length / classes;
  if (reference.length !== other.length || !Number.isInteger(positions) || positions < 1) {
    throw new RangeError(`${reference.length} and ${other.length} logits are no positions of ${classes} classes`);
  }
  let [kl, same] = [0, 0];
  for (let position = 0; position < positions; position++) {
    const p = logSoftmax(reference, position * classes, classes);
    const q = logSoftmax(other, position * classes, classes);
    for (let i = 0; i < classes; i++) {
      const weight = Math.exp(p[i]);
      if (weight > 0) kl += weight * (p[i] - q[i]);
    }
    if (topOf(p) === topOf(q)) same++;
  }
  return { kl: Math.max(0, kl / positions), agreement: same / positions };
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
