/** Flags: what a vector exercises, in words a report can group by. Most follow from the stream itself. */
import { expand } from './bins.ts';
import { type Body, isCoded, type Setup } from './model.ts';

/** Every flag and what it means. */
export const GLOSSARY = {
  raw: 'a raw body',
  'raw-only': 'a setup without CODED: every body is raw',
  empty: 'a tensor without elements',
  scalar: 'rank 0',
  'rank-8': 'the highest rank',
  'layout-rows': 'coding view by rows',
  'layout-nchw': 'coding view nchw',
  'layout-nhwc': 'coding view nhwc',
  'layout-explicit': 'axes and groups written out',
  real: 'real domain',
  integer: 'integer domain',
  'float-bits': 'float-bits domain: lossless floats',
  'lanes-1': 'one lane, small states, offsets in the state',
  'lanes-2': 'two lanes',
  'lanes-4': 'four lanes',
  'lanes-8': 'eight lanes',
  'lanes-32': 'four streams of eight lanes',
  'bins-uniform': 'bins written as unit bins and escapes',
  'bins-list': 'bins written one by one',
  offsets: 'some bin holds more than one level',
  'no-offsets': 'every bin holds one level',
  stride: 'a bin with a stride above 1',
  delta: 'a bin with a delta, from the list or a shrink',
  'tables-inline': 'tables as logs',
  'tables-previous': 'a table predicted from the one before',
  'tables-family': 'tables of the built-in family',
  'one-token': 'a single token, which costs no bits',
  classes: 'tables chosen by row or channel classes',
  contexts: 'tables chosen by neighbours',
  scales: 'steps scaled per row or channel',
  'step-index': 'a step index in the body',
  segments: 'more than one segment',
  metadata: 'metadata records',
  'variable-rows': 'every body carries its first dim (ROWS)',
  'body-checksum': 'bare bodies end in a checksum',
  profile: 'a profile that both ends hold',
  mean: 'the mean of a profile is added',
  'profile-classes': 'classes of channels from a profile',
  'channel-transform': 'coefficients become channels',
  dct: 'planes of DCT coefficients',
  'dct-weighted': 'DCT coefficients with the frequency weight',
  trellis: 'two union quantisers and their machine',
  dense: 'the dense coder',
  adaptive: 'classes of channels that follow the levels',
  reset: 'a body that starts the adaptive classes anew',
  loss: 'bodies that do not arrive',
  rollback: 'a decoder that goes back to an earlier state',
  exhaustive: 'every bit pattern of the type',
  'special-values': 'signed zeros, subnormals, infinities or NaNs',
  saturation: 'values beyond the range of the type',
  rounding: 'ties and double rounding',
  expansion: 'a small frame that decodes to a large tensor',
  'non-canonical': 'written in a longer way than necessary',
  truncation: 'cut off',
  precedence: 'two faults: the one that is read first decides',
} as const;

/** A flag. */
export type Flag = keyof typeof GLOSSARY;

/** The flags that follow from setup and body. */
export function flagsOf(s: Setup, b: Body, dims: readonly number[]): Flag[] {
  const out = new Set<Flag>();
  const add = (condition: unknown, flag: Flag) => condition && out.add(flag);
  add(b.raw, 'raw');
  add(!isCoded(s), 'raw-only');
  add(dims.includes(0), 'empty');
  add(dims.length === 0, 'scalar');
  add(dims.length === 8, 'rank-8');
  out.add(typeof s.layout === 'string' ? `layout-${s.layout}` : 'layout-explicit');
  add(s.variableRows, 'variable-rows');
  add(s.metadata, 'metadata');
  add(s.bodyChecksum, 'body-checksum');
  add(b.stepIndex !== undefined, 'step-index');
  add(b.reset, 'reset');
  add(s.profile, 'profile');
  if (isCoded(s) && !b.raw) {
    add(s.profile?.mean, 'mean');
    add(s.profile?.classes, 'profile-classes');
    add(s.channelTransform, 'channel-transform');
    add(s.dct, 'dct');
    add(s.dct === 'weighted', 'dct-weighted');
    add(s.trellis, 'trellis');
    add(s.adaptive, 'adaptive');
    add(s.scales, 'scales');
    add(s.segmentSize !== undefined, 'segments');
    add(s.dense, 'dense');
    out.add(s.domain);
  }
  if (s.bins && !b.raw) {
    const bins = expand(s.bins);
    out.add(`lanes-${s.lanes}`);
    out.add(`bins-${s.bins.kind}`);
    out.add(bins.some((x) => x.bits > 0) ? 'offsets' : 'no-offsets');
    add(
      bins.some((x) => x.stride > 1),
      'stride',
    );
    add(
      bins.some((x) => x.delta !== 0),
      'delta',
    );
    add(bins.length === 1, 'one-token');
    out.add(`tables-${s.tables!.kind}`);
    add(s.tables!.kind === 'inline' && s.tables!.fromPrevious?.length, 'tables-previous');
    add(s.classes, 'classes');
    add(s.thresholds, 'contexts');
  }
  return [...out];
}
