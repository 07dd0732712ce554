// Curves of bytes against KL: which settings of a peer are measured, and what is read from them.
import { bytesAtKl } from '../../sdk/dist/esm/eval/kl.js';
import { mean } from './report.mjs';

/** KL that every curve should cover, if the peer reaches it, and the fewest settings on it. */
const FEWEST = 5;

/**
 * Measures settings of a ladder, which goes from coarse to fine, until the curve covers `range` (of KL): a bisection for the
 * coarsest setting that is good enough, then outwards.
 * @param measure (setting) → { bytes: […], kl: […] } by item
 */
export async function walk(ladder, measure, { target, range }) {
  const done = new Map();
  const at = async (i) => {
    if (!done.has(i)) done.set(i, { setting: ladder[i], ...(await measure(ladder[i])) });
    return mean(done.get(i).kl);
  };
  const last = ladder.length - 1;
  let [low, high] = [0, last];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((await at(middle)) <= target) high = middle;
    else low = middle + 1;
  }
  let [first, final] = [Math.max(0, low - 1), low];
  while (first > 0 && (await at(first)) < range[1]) first--;
  while (final < last && (await at(final)) > range[0]) final++;
  while (final - first + 1 < FEWEST && (first > 0 || final < last)) {
    if (first > 0) first--;
    if (final < last) final++;
  }
  for (let i = first; i <= final; i++) await at(i);
  return [...done].sort(([a], [b]) => a - b).map(([, point]) => point);
}

/** Settings that no other beats in mean bytes and mean KL, and whose KL lies in `range`; measured ones, coarse to fine. */
export function front(points, range) {
  let best = Number.POSITIVE_INFINITY;
  const means = points.map((point) => ({ point, bytes: mean(point.bytes), kl: mean(point.kl) }));
  const kept = means
    .sort((a, b) => a.bytes - b.bytes || a.kl - b.kl)
    .filter(({ kl }) => {
      if (kl >= best) return false;
      best = kl;
      return true;
    });
  return kept.filter(({ kl }) => kl > range[0] && kl < range[1]).map(({ point }) => point);
}

/** The means of measured points, for `bytesAtKl`; `pick` chooses items (a bootstrap sample), all by default. */
export function curveOf(points, pick) {
  const over = (values) => (pick ? pick.reduce((sum, i) => sum + values[i], 0) / pick.length : mean(values));
  return points.map((point) => ({ bytes: over(point.bytes), kl: Math.max(1e-12, over(point.kl)) }));
}

/** Bytes at a KL on the line of least squares of ln bytes over ln KL. For choices, not for figures. */
export function bytesOnLine(points, kl) {
  const [x, y] = [points.map((p) => Math.log(p.kl)), points.map((p) => Math.log(p.bytes))];
  const [mx, my] = [mean(x), mean(y)];
  const spread = x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
  const slope = spread > 0 ? x.reduce((sum, v, i) => sum + (v - mx) * (y[i] - my), 0) / spread : 0;
  return Math.exp(my + slope * (Math.log(kl) - mx));
}

/** Bootstrap samples of n items: the same for every peer, so that ratios are paired. */
export function samples(n, count = 1000, seed = 1) {
  let state = seed >>> 0;
  const random = () => {
    // xorshift32: no more is asked of it than that two runs draw alike.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  state ||= 1;
  return Array.from({ length: count }, () => Int32Array.from({ length: n }, () => Math.floor(random() * n)));
}

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

/** 95 % interval of numbers; undefined where more than a twentieth of them are missing. */
export function interval(values) {
  const known = values.filter((v) => v !== undefined && Number.isFinite(v)).sort((a, b) => a - b);
  return known.length < 0.95 * values.length ? undefined : [quantile(known, 0.025), quantile(known, 0.975)];
}

/** Bytes at a KL of one curve, and its bootstrap: `{ bytes, interval, draws }`. */
export function read(points, kl, draws) {
  const bytes = bytesAtKl(curveOf(points), kl);
  if (bytes === undefined) return { bytes, draws: [] };
  const drawn = draws.map((pick) => bytesAtKl(curveOf(points, pick), kl));
  return { bytes, interval: interval(drawn), draws: drawn };
}

/** Ratio of two readings with its paired interval. */
export function ratio(a, b) {
  if (a?.bytes === undefined || b?.bytes === undefined) return {};
  return { ratio: a.bytes / b.bytes, interval: interval(a.draws.map((v, i) => v / b.draws[i])) };
}
