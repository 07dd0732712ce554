/** Features as a calibration takes them: items of whole rows in f32, some of them held out to judge on. */
import { SlicerError } from '../codec/errors.js';
import type { Layout, Tensor } from '../codec/types.js';
import { half } from './weights.js';

/** How the dims of the features map to rows, channels and planes; the codec's own rule. */
export interface FeatureView {
  readonly channels: number;
  /** Axis of the channels in the dims. */
  readonly axis: number;
  readonly height: number;
  readonly width: number;
  readonly rank: number;
}

/** What the tail takes at once: one image, or the tokens of one sequence. */
export interface Item {
  readonly data: Float32Array;
  readonly dims: readonly number[];
  /** Rows of the coding view in it. */
  readonly rows: number;
}

/** Tokens that are held out together where no dims part them into sequences: neighbours are alike. */
const TOKEN_RUN = 16;

/** One item in this many is held out. */
const HELD_OUT_EVERY = 5;

/** Rank, channels and plane of some dims. */
export function featureView(dims: readonly number[], layout: Layout = 'auto'): FeatureView {
  const rank = dims.length;
  const chosen = layout === 'auto' ? (rank >= 4 ? 'nchw' : 'rows') : layout;
  if (rank < 1 || (chosen !== 'rows' && rank < 3)) {
    const message = `Features of rank ${rank} cannot be laid out as ${chosen}.`;
    throw new SlicerError('invalid_tensor', message, {
      advice: 'Give [images, channels, height, width] or [tokens, channels].',
    });
  }
  const last = dims[rank - 1];
  const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
  if (chosen === 'nchw') {
    return { channels: dims[1], axis: 1, height: product(dims.slice(2, -1)), width: rank > 2 ? last : 1, rank };
  }
  if (chosen === 'nhwc') {
    const width = rank > 2 ? dims[rank - 2] : 1;
    return { channels: last, axis: rank - 1, height: product(dims.slice(1, -2)), width, rank };
  }
  return { channels: last, axis: rank - 1, height: 1, width: 1, rank };
}

/** Whether a row lies position by position, with all channels of each. */
export function channelsLast(view: FeatureView): boolean {
  return view.axis === view.rank - 1;
}

/** Calls `use` with the index of every value of a channel, and the number of its place among the item's positions. */
export function planesOf(
  view: FeatureView,
  item: Item,
  channel: number,
  use: (at: number, place: number) => void,
): void {
  const plane = view.height * view.width;
  const row = view.channels * plane;
  const last = channelsLast(view);
  for (let r = 0, place = 0; r < item.rows; r++) {
    for (let p = 0; p < plane; p++, place++) {
      use(r * row + (last ? p * view.channels + channel : channel * plane + p), place);
    }
  }
}

/** Whether an item is kept out of the fit. */
export function isHeldOut(index: number): boolean {
  return index % HELD_OUT_EVERY === HELD_OUT_EVERY - 1;
}

/** The items of a tensor. Items of one file are views of it. */
export function* itemsOf(tensor: Tensor, view: FeatureView, layout: Layout = 'auto'): Generator<Item> {
  const { dims } = tensor;
  const own = featureView(dims, layout);
  if (own.channels !== view.channels || own.rank !== view.rank) {
    throw new SlicerError(
      'invalid_tensor',
      `Features of [${dims.join(', ')}] follow others with ${view.channels} channels and rank ${view.rank}.`,
      {
        advice: 'Calibrate on the tensors of one cut of one model.',
      },
    );
  }
  if (own.height !== view.height || own.width !== view.width) {
    const [was, is] = [view, own].map((v) => `${v.height} × ${v.width}`);
    throw new SlicerError('invalid_tensor', `Planes of ${is} follow planes of ${was}.`, {
      advice: 'Calibrate at one resolution.',
    });
  }
  const data = toFloat32(tensor);
  const plane = view.height * view.width;
  const single = view.rank <= 2 && plane === 1;
  const step = single ? Math.min(TOKEN_RUN, view.rank === 1 ? 1 : dims[0]) : 1;
  const size = view.rank === 1 ? data.length : data.length / dims[0];
  const count = view.rank === 1 ? 1 : dims[0];
  for (let from = 0; from < count; from += step) {
    const rows = Math.min(step, count - from);
    const part = data.subarray(from * size, (from + rows) * size);
    const itemDims = view.rank === 1 ? dims : [rows, ...dims.slice(1)];
    yield { data: part, dims: itemDims, rows: part.length / (view.channels * plane) };
  }
}

/** Values of any float tensor as f32. */
export function toFloat32({ type, data }: Tensor): Float32Array {
  if (type === 'float32') return data as Float32Array;
  if (type === 'float16') return Float32Array.from(data as Uint16Array, half);
  if (type === 'bfloat16') {
    const words = Uint32Array.from(data as Uint16Array, (bits) => (bits << 16) >>> 0);
    return new Float32Array(words.buffer);
  }
  throw new SlicerError('invalid_tensor', `Features of the type ${type} are no activations to calibrate on.`, {
    advice: 'Give float32, float16 or bfloat16.',
  });
}
