/** What a profile says, in memory. */
import type { ChannelStatistics, ChannelTransform } from './engine.js';

/** One setting on held-out features: what it takes and what it does to the answers. */
export interface CurvePoint {
  readonly step: number;
  /** Mean bytes of a frame, without the profile. */
  readonly bytes: number;
  /** Mean KL of the tail's answers in nats. */
  readonly kl: number;
}

/** Tools that a profile can recommend, beside classes. */
export interface Tools {
  /** Taking the means away. */
  readonly mean: boolean;
  /** Channel transform. */
  readonly transform: boolean;
  /** Orthonormal DCT over the planes, after the channel transform. */
  readonly dct: boolean;
  /** Weight of the frequencies, with the DCT. */
  readonly frequencyWeight: boolean;
  /** Trellis instead of a dead zone. */
  readonly trellis: boolean;
  /** A reconstruction step that keeps the source's energy. */
  readonly energy: boolean;
  /** The dense coder. */
  readonly dense: boolean;
}

/** No tools at all. */
export const NO_TOOLS: Tools = {
  mean: false,
  transform: false,
  dct: false,
  frequencyWeight: false,
  trellis: false,
  energy: false,
  dense: false,
};

/** The contents of a profile. */
export interface ProfileParts {
  readonly channels: number;
  /** Mean of each channel. */
  readonly mean: Float32Array;
  /** Standard deviation of each channel. */
  readonly sigma: Float32Array;
  readonly transform?: {
    readonly rank: number;
    /** rank × channels, row by row. */
    readonly forward: Float32Array;
    /** channels × rank, row by row. */
    readonly inverse: Float32Array;
    /** Standard deviation of each coefficient. */
    readonly sigma: Float32Array;
  };
  readonly tools: Tools;
  readonly curve: readonly CurvePoint[];
}

/** Puts statistics and tools together. */
export function partsOf(
  statistics: ChannelStatistics,
  transform: ChannelTransform | undefined,
  tools: Tools,
  curve: readonly CurvePoint[] = [],
): ProfileParts {
  const used = tools.transform ? transform : undefined;
  return {
    channels: statistics.channels,
    mean: Float32Array.from(statistics.mean),
    sigma: Float32Array.from(statistics.sigma),
    ...(used && {
      transform: {
        rank: used.rank,
        forward: Float32Array.from(used.forward),
        inverse: Float32Array.from(used.inverse),
        sigma: Float32Array.from(used.sigma),
      },
    }),
    tools,
    curve,
  };
}
