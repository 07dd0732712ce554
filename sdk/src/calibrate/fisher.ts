/**
 * The tail's own sensitivity, by finite differences: how far the answers move, in KL, when one channel moves. It costs a
 * run of the tail per channel and item, and what it gives is labelled, because it uses more than the weights that read
 * the tensor.
 */
import { logSoftmax } from '../eval/kl.js';
import { type FeatureView, type Item, planesOf } from './features.js';
import { Gram } from './gram.js';
import type { Tail } from './tail.js';

/** Size of a change, in parts of the features' root mean square. */
const CHANGE = 0.15;
/** Classes that are followed at each position: the likeliest. */
const CLASSES = 200;
/** Items that are changed at most, and runs of the tail at most. */
const ITEMS = 16;
const RUNS = 4000;

/**
 * Σ over items, positions and classes k of p(k)·v(k)·v(k)ᵀ, with v(k) the change of ln p(k) per change of each channel.
 * All positions of a channel change together, by a random sign each.
 */
export async function fisherGram(
  tail: Tail,
  items: readonly Item[],
  view: FeatureView,
  progress: (done: number, total: number) => void = () => {},
): Promise<Float64Array> {
  const { channels } = view;
  const used = items.slice(0, Math.min(ITEMS, Math.max(4, Math.floor(RUNS / channels))));
  const gram = new Gram(channels);
  const total = used.length * channels;
  const sign = signs();
  for (const [n, item] of used.entries()) {
    const size = CHANGE * Math.sqrt(item.data.reduce((sum, x) => sum + x * x, 0) / item.data.length) || CHANGE;
    const { data: reference, classes } = await tail.run(item, item.data);
    const positions = reference.length / classes;
    const kept = Math.min(CLASSES, classes);
    const before = Array.from({ length: positions }, (_, p) => logSoftmax(reference, p * classes, classes));
    const likeliest = before.map((values) =>
      Array.from(values.keys())
        .sort((a, b) => values[b] - values[a])
        .slice(0, kept),
    );
    const slopes = new Float64Array(positions * kept * channels);
    const pattern = Float32Array.from({ length: item.rows * view.height * view.width }, () => sign() * size);
    for (let c = 0; c < channels; c++) {
      progress(n * channels + c, total);
      const changed = item.data.slice();
      planesOf(view, item, c, (at, place) => {
        changed[at] += pattern[place];
      });
      const { data: answers } = await tail.run(item, changed);
      for (let p = 0; p < positions; p++) {
        const after = logSoftmax(answers, p * classes, classes);
        for (const [k, one] of likeliest[p].entries()) {
          slopes[(p * kept + k) * channels + c] = (after[one] - before[p][one]) / size;
        }
      }
    }
    for (let p = 0; p < positions; p++) {
      for (const [k, one] of likeliest[p].entries()) {
        const weight = Math.exp(before[p][one] / 2);
        const row = gram.row();
        const from = (p * kept + k) * channels;
        for (let c = 0; c < channels; c++) row[c] = weight * slopes[from + c];
      }
    }
  }
  return gram.matrix();
}

/** Signs by a small generator, the same ones each time. */
function signs(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 1 ? 1 : -1;
  };
}
