/** Where the channels of a cut are in a value behind it, and what has been done to them on the way. */
import type { GraphNode } from '../onnx/graph.js';

/** A value that is linear in the cut, channel by channel. */
export interface Place {
  readonly name: string;
  /** Axis of the channels, and number of axes. */
  readonly axis: number;
  readonly rank: number;
  /** How channels and positions share the axis after a flattening: channel first, or position first. */
  readonly merged?: 'major' | 'minor';
  /** First channel on the axis; others stand before it after a concatenation. */
  readonly offset: number;
  /** Factor of each channel. */
  readonly gain: Float64Array;
  /** Divided by its own root mean square, whose size only the features tell. */
  readonly normalised: boolean;
  /** The mean over the channels was taken away. */
  readonly centred: boolean;
  /** This value and those before it that hold the same channels. */
  readonly names: ReadonlySet<string>;
  /** Operators passed. */
  readonly via: readonly string[];
}

/** The cut itself. */
export function startPlace(name: string, channels: number, axis: number, rank: number): Place {
  const gain = new Float64Array(channels).fill(1);
  return {
    name,
    axis,
    rank,
    offset: 0,
    gain,
    normalised: false,
    centred: false,
    names: new Set([name]),
    via: [],
  };
}

/** The place after a node, with what the node changes. */
export function moved(place: Place, node: GraphNode, change: Partial<Place> = {}, output = 0): Place {
  const name = node.proto.output[output];
  return { ...place, ...change, name, names: new Set([...place.names, name]), via: [...place.via, node.opType] };
}

/** Factors of `gain` times those of a constant that varies with the channel only, or `undefined` where it does not fit. */
export function scaled(
  place: Place,
  factor: { dims: readonly number[]; data: ArrayLike<number> },
  invert = false,
): Float64Array | undefined {
  const channels = place.gain.length;
  const of = (i: number) => (invert ? 1 / factor.data[i] : factor.data[i]);
  if (factor.data.length === 1) return place.gain.map((g) => g * of(0));
  // Broadcasting aligns the last axes.
  const axis = place.axis - (place.rank - factor.dims.length);
  if (axis < 0 || factor.dims[axis] !== channels || factor.data.length !== channels) return undefined;
  if (place.merged || place.offset !== 0) return undefined;
  return place.gain.map((g, c) => g * of(c));
}

/** Entry of the axis → channel; −1 where the entry belongs to another tensor. */
export function channelMap(place: Place, entries: number): Int32Array | undefined {
  const channels = place.gain.length;
  const map = new Int32Array(entries).fill(-1);
  if (place.merged) {
    if (entries % channels !== 0) return undefined;
    const positions = entries / channels;
    for (let k = 0; k < entries; k++) map[k] = place.merged === 'major' ? Math.floor(k / positions) : k % channels;
    return map;
  }
  if (place.offset + channels > entries) return undefined;
  for (let c = 0; c < channels; c++) map[place.offset + c] = c;
  return map;
}
