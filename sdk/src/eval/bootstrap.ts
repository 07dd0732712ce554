/** Bootstrap intervals over items: how far a figure could be off because other items might have been drawn. */

/** A figure with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A figure of some items; the list may name an item several times. */
export type Measure<T> = (items: readonly T[]) => number;

/** Options of the estimates. */
export interface BootstrapOptions {
  /** How many samples are drawn; 1000 unless given. */
  readonly samples?: number;
  /** Start of the generator: the same seed draws the same items for every figure, so that figures are paired. */
  readonly seed?: number;
}

const SAMPLES = 1000;
const [LOW, HIGH] = [0.025, 0.975];

/**
 * A measure over the items with the 2.5 and 97.5 percentiles of its values on samples drawn with replacement. Values that are
 * not finite are left out; without items everything is NaN.
 */
export function estimate<T>(items: readonly T[], measure: Measure<T>, options: BootstrapOptions = {}): Estimate {
  if (items.length === 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN };
  const random = generator(options.seed ?? 1);
  const drawn: T[] = new Array(items.length);
  const values: number[] = [];
  for (let sample = 0; sample < (options.samples ?? SAMPLES); sample++) {
    for (let i = 0; i < drawn.length; i++) drawn[i] = items[Math.floor(random() * items.length)];
    const value = measure(drawn);
    if (Number.isFinite(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  return { value: measure(items), low: percentile(values, LOW), high: percentile(values, HIGH) };
}

/** A measure that is a mean; items without a value (`undefined`) are left out. */
export function meanOf<T>(read: (item: T) => number | undefined): Measure<T> {
  return (items) => {
    let [sum, count] = [0, 0];
    for (const item of items) {
      const value = read(item);
      if (value === undefined) continue;
      sum += value;
      count++;
    }
    return sum / count;
  };
}

/** A measure that is one sum over another: a mean whose items weigh differently. */
export function ratioOf<T>(above: (item: T) => number, below: (item: T) => number): Measure<T> {
  return (items) => {
    let [a, b] = [0, 0];
    for (const item of items) {
      a += above(item);
      b += below(item);
    }
    return a / b;
  };
}

function percentile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
}

/** Numbers from 0 to below 1: a 32-bit xorshift, stirred by a product; enough to draw items. */
export function generator(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return (Math.imul(state, 0x2c1b3c6d) >>> 0) / 2 ** 32;
  };
}
