/** Reading features: most into the sums, some kept aside. */
import { SlicerError } from '../codec/errors.js';
import type { Layout, Tensor } from '../codec/types.js';
import { Calibrator, tooFew } from './engine.js';
import { channelsLast, type FeatureView, featureView, type Item, isHeldOut, itemsOf, toFloat32 } from './features.js';

/** Tensors one after the other. */
export type Features = Iterable<Tensor> | AsyncIterable<Tensor>;

/** Fitted items that are kept for the curve and for derivatives of the tail. */
const SAMPLES = 80;

/** What was read. */
export interface Gathered {
  readonly view: FeatureView;
  readonly dims: readonly number[];
  readonly calibrator: Calibrator;
  /** Items for the choice of tools. */
  readonly held: Item[];
  /** A few of those in the sums. */
  readonly samples: Item[];
  /** Adds the ordinary rows of an item to the sums. */
  readonly add: (item: Item) => void;
  /** Rows that were too large for the sums. */
  readonly outliers: () => number;
}

/** Reads the features once: four fifths into the sums, the rest kept. */
export async function gather(features: Features, layout: Layout, progress: (done: number) => void): Promise<Gathered> {
  let state: { view: FeatureView; dims: readonly number[]; calibrator: Calibrator; limit?: number } | undefined;
  const held: Item[] = [];
  const samples: Item[] = [];
  let outliers = 0;
  const add = (item: Item) => {
    const { view, calibrator, limit } = state!;
    const data = limit === undefined ? item.data : ordinary(item.data, view.channels, limit);
    outliers += (item.data.length - data.length) / view.channels;
    if (data.length > 0) calibrator.add(data, view.height * view.width, channelsLast(view));
  };
  let index = 0;
  for await (const tensor of features) {
    if (!state) {
      const view = featureView(tensor.dims, layout);
      const limit = view.height * view.width === 1 ? largest(toFloat32(tensor), view.channels) : undefined;
      state = { view, dims: tensor.dims, calibrator: await Calibrator.create(view.channels), limit };
    }
    const { view } = state;
    for (const item of itemsOf(tensor, view, layout)) {
      if (isHeldOut(index++)) held.push(checked(item, held.length));
      else {
        add(item);
        if (samples.length < SAMPLES) samples.push(item);
      }
      progress(index);
    }
  }
  if (!state) throw tooFew(0, 20);
  return { ...state, held, samples, add, outliers: () => outliers };
}

/** Energy of a row, in parts of the median one, from which on it is left out of the sums: 3½ times the size. */
const OUTLIER = 12;

/**
 * The first token of a sequence is often a hundred times the others. It would decide every mean and scale, which serve the
 * others; being coded exactly as all are, it does not need them.
 */
function largest(data: Float32Array, channels: number): number {
  const energies = new Float64Array(data.length / channels).map((_, row) => energyOf(data, row * channels, channels));
  return OUTLIER * energies.sort()[energies.length >> 1];
}

/** The rows whose energy is at most `limit`. */
function ordinary(data: Float32Array, channels: number, limit: number): Float32Array {
  const rows: number[] = [];
  const count = data.length / channels;
  for (let row = 0; row < count; row++) {
    // NaN goes on to the sums, which refuse it.
    if (!(energyOf(data, row * channels, channels) > limit)) rows.push(row);
  }
  if (rows.length === count) return data;
  const kept = new Float32Array(rows.length * channels);
  for (const [i, row] of rows.entries()) kept.set(data.subarray(row * channels, (row + 1) * channels), i * channels);
  return kept;
}

function energyOf(data: Float32Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += data[i] * data[i];
  return sum;
}

/** Reads the features of another source. */
export async function collect(features: Features, layout: Layout, view: FeatureView): Promise<Item[]> {
  const items: Item[] = [];
  for await (const tensor of features) for (const item of itemsOf(tensor, view, layout)) items.push(checked(item, 0));
  return items;
}

/** Held-out items do not pass the sums, which would refuse NaN. */
function checked(item: Item, index: number): Item {
  const at = item.data.findIndex((x) => !Number.isFinite(x));
  if (at < 0) return item;
  throw new SlicerError('non_finite', `Element ${at} of held-out input ${index} is NaN or infinite.`, {
    offset: at,
    advice: 'Find out why the model gives such values; nothing can be calibrated on them.',
  });
}
