/** Tensors beyond the blocks in which decoders work: the same rules, met by other code (§ 10 to § 12). */
import type { Bins } from '../bins.ts';
import type { Collection, Notes } from '../collection.ts';
import { makerOf } from '../maker.ts';
import { coded, family, inlineFor, type Source, UNITS } from '../samples.ts';
import { LANES, LISTED } from '../valid/coder.ts';

const RARE: Notes = { drawer: 'legal-but-rare' };
const SHRUNK: Bins = { kind: 'uniform', positive: 5, escapes: 6, firstBits: 1, shrinks: [30, -9, 4] };

/** Thousands of values: rows, planes, scales, contexts. */
export function largeVectors(out: Collection, source: Source): void {
  const make = makerOf(out, source, { outliers: [40, -40, 3000], notes: RARE });
  for (const lanes of LANES) {
    const dims = [8192 + lanes + 1];
    make(`large-row-lanes-${lanes}`, `${dims[0]} values in ${lanes} lanes`, '12', { lanes, dims, layout: 'rows' });
    const contexts = { thresholds: [1, 4], tables: family(3, 0, 6, 8), dims: [1, 5, 34, 33] };
    make(`large-contexts-lanes-${lanes}`, 'planes of 1122 values', '9.2 12.1', { lanes, ...contexts });
  }
  const both = { scales: { rows: true, channels: [4, -3] }, dims: [2, 2, 70, 61] };
  const scaled = { rowScales: [-5, 9], stepIndex: 3 };
  make('large-scales', 'planes of 4270 values, each with its step', '10 11', { ...both, lanes: 8 }, scaled);
  make('large-scales-units', 'planes of 4270 values without offsets', '10 11', { ...both, bins: UNITS }, scaled);
  make(
    'large-scales-nhwc',
    'the same out of the order of memory',
    '6 10',
    { ...both, layout: 'nhwc', dims: [2, 70, 61, 2] },
    scaled,
  );
  const medium = { scales: { channels: [4, -3, 0, 8, -8] }, dims: [1, 5, 9, 7] };
  for (const type of ['float32', 'float16', 'bfloat16', 'int8', 'int32'] as const) {
    make(`medium-scales-${type}`, 'planes of 63 values, each with its step', '10 11', {
      ...medium,
      type,
      step: 0.7,
      lanes: 4,
    });
    make(`medium-shrinks-${type}`, 'planes of 63 values, bins with deltas', '7 10 11', {
      ...medium,
      type,
      bins: SHRUNK,
    });
  }
  for (const [lanes, type] of [
    [1, 'float32'],
    [8, 'float16'],
    [32, 'int16'],
  ] as const) {
    const random = source(`large list ${type}`);
    const levels = random.list(4600, () => {
      const b = random.pick(LISTED.bins);
      return b.lower + b.stride * random.between(0, 2 ** b.bits - 1);
    });
    const tables = inlineFor(LISTED, levels, random);
    const [s] = coded({ lanes, type, bins: LISTED, tables, dims: [4600], layout: 'rows' }, random);
    out.good(`large-list-${type}`, 'strides, deltas and offsets by the thousand', '7 11 12', s, { levels }, RARE);
  }
}
