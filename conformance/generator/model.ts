/** What a stream says, before it is written: the fields of a setup and of a body by their names. */
import type { Bins } from './bins.ts';
import type { ListStyle } from './bytes.ts';
import type { Type } from './elements.ts';
import type { Layout } from './layout.ts';
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
  /** Absent: every body is raw. */
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
  profile?: number[];
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
  /** In scan order. */
  levels?: number[];
  /** Applies to every segment. */
  unusual?: Unusual;
}

/** Fills in what a vector's definition leaves out. */
export function setupOf(some: Partial<Setup> & Pick<Setup, 'type' | 'dims'>): Setup {
  return { layout: 'rows', domain: 'real', lanes: 1, ...some };
}
