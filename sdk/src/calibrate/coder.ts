/** Coding with the tools of a profile, or without one, for trials. */
import { decode, encode, StreamDecoder, StreamEncoder } from '../entry/index.js';
import type { FeatureView, Item } from './features.js';
import type { Tools } from './parts.js';

/** One item, coded frame by frame: a plane item is a frame, of tokens each row is a body. */
export interface Coded {
  /** Bytes of each frame; setups and profiles apart. */
  readonly bytes: readonly number[];
  readonly data: Float32Array;
}

/** A profile on trial. */
export interface Trial {
  readonly tools: Tools;
  readonly profile: Uint8Array;
}

/** Codes an item with a profile, or without one, at a step. */
export type Coder = (item: Item, trial: Trial | undefined, step: number) => Coded;

/** Codes with this package: planes as standalone frames, rows as bodies of a stream. Without a profile effort is dense. */
export function codecOf(view: FeatureView): Coder {
  return view.height * view.width > 1 ? asFrames(view) : asBodies(view);
}

function asFrames(view: FeatureView): Coder {
  const size = view.channels * view.height * view.width;
  return (item, trial, step) => {
    const data = new Float32Array(item.data.length);
    const bytes: number[] = [];
    const dims = [1, ...item.dims.slice(1)];
    const layout = view.axis === 1 ? 'nchw' : 'nhwc';
    for (let from = 0; from < data.length; from += size) {
      const part = { type: 'float32', data: item.data.subarray(from, from + size), dims } as const;
      const options = trial ? { profile: trial.profile } : { effort: 'dense' as const };
      const frame = encode(part, { budget: { step }, layout, report: false, ...options }).bytes;
      data.set(decode(frame, { profiles: trial ? [trial.profile] : [] }).data as Float32Array, from);
      bytes.push(frame.length);
    }
    return { bytes, data };
  };
}

function asBodies({ channels }: FeatureView): Coder {
  let open: { key: unknown; step: number; encoder: StreamEncoder; decoder: StreamDecoder } | undefined;
  return (item, trial, step) => {
    if (open?.key !== trial || open?.step !== step) {
      open?.encoder.free();
      open?.decoder.free();
      const { profile } = trial ?? {};
      const trellis = trial ? trial.tools.trellis : true;
      const encoder = new StreamEncoder({ type: 'float32', dims: [1, channels], step, trellis, profile });
      const decoder = new StreamDecoder(encoder.setup, { profiles: profile ? [profile] : [] });
      open = { key: trial, step, encoder, decoder };
    }
    const data = new Float32Array(item.data.length);
    const bytes: number[] = [];
    for (let from = 0; from < data.length; from += channels) {
      const body = open.encoder.encode(item.data.subarray(from, from + channels));
      data.set(open.decoder.decode(body).data as Float32Array, from);
      bytes.push(body.length);
    }
    return { bytes, data };
  };
}
