/** Reading features: most into the sums, some kept aside. */
import { SlicerError } from '../codec/errors.js';
import type { Layout, Tensor } from '../codec/types.js';
import { Calibrator, tooFew } from './engine.js';
import { channelsLast, type FeatureView, featureView, type Item, isHeldOut, itemsOf } from './features.js';

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
}

/** Reads the features once: four fifths into the sums, the rest kept. */
export async function gather(features: Features, layout: Layout, progress: (done: number) => void): Promise<Gathered> {
  let state: { view: FeatureView; dims: readonly number[]; calibrator: Calibrator } | undefined;
  const held: Item[] = [];
  const samples: Item[] = [];
  let index = 0;
  for await (const tensor of features) {
    if (!state) {
      const view = featureView(tensor.dims, layout);
      state = { view, dims: tensor.dims, calibrator: await Calibrator.create(view.channels) };
    }
    const { view, calibrator } = state;
    for (const item of itemsOf(tensor, view, layout)) {
      if (isHeldOut(index++)) held.push(checked(item, held.length));
      else {
        calibrator.add(item.data, view.height * view.width, channelsLast(view));
        if (samples.length < SAMPLES) samples.push(item);
      }
      progress(index);
    }
  }
  if (!state) throw tooFew(0, 20);
  return { ...state, held, samples };
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
