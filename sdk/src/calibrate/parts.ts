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

/** The contents of a profile. */
export interface ProfileParts {
  readonly channels: number;
  /** Mean of each channel. */
  readonly mean: Float32Array;
  /** Standard deviation of each coefficient where there is a transform, else of each channel. */
  readonly sigma: Float32Array;
  readonly transform?: {
    readonly rank: number;
    /** rank × channels, row by row. */
    readonly forward: Float32Array;
    /** channels × rank, row by row. */
    readonly inverse: Float32Array;
  };
  /** Orthonormal DCT over the planes, after the channel transform. */
  readonly dct: boolean;
  /** Weight of the frequencies, with the DCT. */
  readonly frequencyWeight: boolean;
  readonly curve: readonly CurvePoint[];
}

/** Tools that a profile can switch on, beside mean and scale. */
export interface Tools {
  readonly transform: boolean;
  readonly dct: boolean;
  readonly frequencyWeight: boolean;
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
    sigma: Float32Array.from(used ? used.sigma : statistics.sigma),
    ...(used && {
      transform: {
        rank: used.rank,
        forward: Float32Array.from(used.forward),
        inverse: Float32Array.from(used.inverse),
      },
    }),
    dct: tools.dct,
    frequencyWeight: tools.frequencyWeight,
    curve,
  };
}
