/** Layouts, classes, contexts, scales, segments (§ 5.2, § 6, § 9, § 10). */
import type { Collection } from '../collection.ts';
import type { Setup } from '../model.ts';
import { coded, family, inlineFor, SMALL, type Source } from '../samples.ts';
import { LANES } from './coder.ts';

/** What needs planes. */
export function planeVectors(out: Collection, source: Source): void {
  const make = (id: string, about: string, sections: string, some: Partial<Setup>, more = {}) => {
    const [s, b] = coded(some, source(id));
    out.good(id, about, sections, s, { ...b, ...more });
  };
  make('layout-rows', 'all axes but the last are rows', '6', { layout: 'rows' });
  make('layout-nchw', 'axis 1 is the channels', '6', { layout: 'nchw', dims: [2, 3, 2, 2, 4] });
  make('layout-nhwc', 'the last axis is the channels', '6', { layout: 'nhwc', dims: [2, 3, 2, 2, 4] });
  const explicit = { axes: [2, 0, 3, 1], groups: [1, 2, 1] as [number, number, number] };
  make('layout-explicit', 'axes permuted and grouped', '6', {
    layout: explicit,
    classes: { channels: byIndex(10) },
    tables: family(12),
  });
  make('layout-nchw-rank-3', 'a plane of height 1', '6', { dims: [2, 3, 20] });
  make('layout-nhwc-rank-3', 'a plane of height 1', '6', { layout: 'nhwc', dims: [2, 20, 3] });
  make('layout-rows-scalar', 'a coded scalar', '4.1 6', { layout: 'rows', dims: [] });
  make('layout-rows-rank-1', 'one row', '6', { layout: 'rows', dims: [9] });

  const six = byIndex(6);
  make(
    'classes-rows',
    'classes per row',
    '9 9.1',
    { classes: { rows: true }, tables: family(8), dims: [6, 2, 3, 3] },
    { rowClasses: six },
  );
  make('classes-channels', 'classes per channel', '9 9.1', {
    classes: { channels: six },
    tables: family(8),
    dims: [2, 6, 3, 3],
  });
  make(
    'classes-both',
    'classes of rows and channels are added, and clamped on both sides',
    '9 9.1',
    { classes: { rows: true, channels: [-1, 0, 3] }, tables: family(4), dims: [3, 3, 3, 3] },
    { rowClasses: [-2, 1, 3] },
  );
  for (const lanes of LANES) {
    const id = `contexts-lanes-${lanes}`;
    const random = source(id);
    // 41 planes: a last group with fewer planes than lanes, whatever the number of lanes.
    const [s, b] = coded({ lanes, thresholds: [1, 3], dims: [1, 41, 3, 5] }, random, [20, -20, 300]);
    const tables = inlineFor(SMALL, b.levels!, random, 3);
    out.good(
      id,
      `two thresholds, ${lanes} lane(s), a last group of planes that is not full`,
      '9 9.2 12.1',
      { ...s, tables },
      b,
    );
  }
  const both = { thresholds: [2], classes: { rows: true, channels: [0, 1, 2] }, tables: family(8, 2, 4, 4) };
  make('contexts-classes', 'classes of two contexts each', '9 9.1 9.2', { ...both, lanes: 2 }, { rowClasses: [1, 0] });

  make('scales-rows', 'scales per row', '10', { scales: { rows: true } }, { rowScales: [-9, 20] });
  make('scales-channels', 'scales per channel', '10', { scales: { channels: [0, 127, -127] } });
  make(
    'scales-both',
    'scales of rows and channels',
    '10',
    { scales: { rows: true, channels: [3, -5, 8] } },
    { rowScales: [1, -8] },
  );
  make('step-index', 'the step scaled for this body', '5 10', {}, { stepIndex: -13 });
  make(
    'scales-all',
    'step index, row and channel scales',
    '10',
    { scales: { rows: true, channels: [1, 2, 3] }, step: 0.1 },
    { rowScales: [5, -3], stepIndex: 7 },
  );

  make('segments', 'segments of 4 planes, the last with 2', '5.2 12', { segmentSize: 4 });
  make('segments-lanes-8', 'segments of 5 planes and eight lanes', '5.2 12 12.4', { segmentSize: 5, lanes: 8 });
  make('segments-contexts', 'contexts start anew in every segment', '5.2 9.2 12.1', {
    segmentSize: 3,
    lanes: 2,
    thresholds: [1],
    tables: family(2, 0, 6, 8),
  });
}

/** 0, 1, 2 … */
export function byIndex(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
