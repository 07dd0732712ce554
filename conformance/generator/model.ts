/** What a stream says, before it is written: the fields of a setup and of a body by their names. */
import type { ChannelState } from './adaptive.ts';
import type { Bins } from './bins.ts';
import type { ListStyle } from './bytes.ts';
import type { Type } from './elements.ts';
import { type Layout, type View, viewOf } from './layout.ts';
import type { ProfileFile } from './profile.ts';
import type { Ending } from './range.ts';
import type { Unusual } from './rans.ts';
import type { Tables } from './tables.ts';

/** The feature bits of § 4 that this draft defines. */
export const FEATURE = {
  CODED: 1,
  SCALES: 2,
  CLASSES: 4,
  CONTEXTS: 8,
  SEGMENTS: 16,
  ROWS: 32,
  METADATA: 64,
  PROFILE: 128,
  BODY_CHECKSUM: 256,
  CHANNEL_TRANSFORM: 512,
  DCT: 1024,
  TRELLIS: 2048,
  DENSE: 4096,
  ADAPTIVE: 16384,
} as const;

/** Classes and scales alike: per row in every body, per channel in the setup. */
export interface PerPlane {
  rows?: boolean;
  channels?: number[];
  style?: ListStyle;
}

/** What bodies share. */
export interface Setup {
  type: Type;
  dims: number[];
  layout: Layout;
  domain: 'real' | 'integer' | 'float-bits';
  lanes: 1 | 2 | 4 | 8 | 32;
  /** Absent, and not dense: every body is raw. */
  bins?: Bins;
  tables?: Tables;
  step?: number;
  scales?: PerPlane;
  classes?: PerPlane;
  thresholds?: number[];
  segmentSize?: number;
  /** Every body has its own first dim. */
  variableRows?: boolean;
  metadata?: { type: number; data: number[] }[];
  /** A profile, and what of it is used. */
  profile?: { file: ProfileFile; mean?: boolean; classes?: boolean };
  channelTransform?: boolean;
  dct?: 'plain' | 'weighted';
  trellis?: boolean;
  dense?: boolean;
  /** Classes of channels follow the levels. */
  adaptive?: boolean;
  bodyChecksum?: boolean;
}

/** One tensor. */
export interface Body {
  /** Elements as they are, little-endian. */
  raw?: Uint8Array;
  rows?: number;
  stepIndex?: number;
  rowScales?: number[];
  rowClasses?: number[];
  listStyle?: ListStyle;
  /** Starts the adaptive classes anew. */
  reset?: boolean;
  /** Of the stream before this body; absent: a new one. */
  state?: ChannelState;
  /** In scan order. */
  levels?: number[];
  /** Applies to every segment. */
  unusual?: Unusual;
  /** The same for the dense coder. */
  ending?: Ending;
}

/** Fills in what a vector's definition leaves out. */
export function setupOf(some: Partial<Setup> & Pick<Setup, 'type' | 'dims'>): Setup {
  return { layout: 'rows', domain: 'real', lanes: 1, ...some };
}

/** Whether bodies may be coded. */
export function isCoded(s: Setup): boolean {
  return s.bins !== undefined || s.dense === true;
}

/** The coded view (§ 4.3): with the channel transform its channels are coefficients. */
export function codedView(s: Setup, dims: readonly number[]): View {
  const view = viewOf(dims, s.layout);
  return s.channelTransform ? { ...view, channels: s.profile!.file.profile.transform!.columns.length } : view;
}

/** The first and the last plus one plane of every segment. */
export function segmentRanges(s: Setup, view: View): [number, number][] {
  const planes = view.rows * view.channels;
  const step = s.segmentSize ?? Math.max(planes, 1);
  const out: [number, number][] = [];
  if (view.height * view.width === 0) return out;
  for (let first = 0; first < planes; first += step) out.push([first, Math.min(planes, first + step)]);
  return out;
}
