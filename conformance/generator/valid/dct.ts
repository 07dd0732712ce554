/** The DCT (§ 16): every length of a tile, several tiles, the weight. */
import { profileOf } from '../calibration.ts';
import type { Collection } from '../collection.ts';
import { TYPES } from '../elements.ts';
import { makerOf } from '../maker.ts';
import { family, type Source, UNITS } from '../samples.ts';
import { LANES } from './coder.ts';

/** Planes of coefficients. */
export function dctVectors(out: Collection, source: Source): void {
  const make = makerOf(out, source, { base: { dct: 'plain' }, outliers: [37, -60] });
  for (let n = 1; n <= 32; n++) {
    const dct = n % 2 ? 'plain' : 'weighted';
    make(`dct-${n}-by-${65 - n}`, `a tile of ${n} × ${65 - n}, ${dct}`, '16', { dct, dims: [1, 1, n, 65 - n] });
  }
  for (const dct of ['plain', 'weighted'] as const) {
    for (const [h, w] of [
      [1, 1],
      [1, 7],
      [7, 1],
      [2, 2],
      [8, 8],
      [14, 14],
      [64, 64],
      [65, 1],
      [1, 65],
      [65, 66],
      [3, 130],
      [129, 5],
    ]) {
      const tiles = h > 64 || w > 64 ? 'several tiles' : 'one tile';
      make(`dct-${dct}-${h}x${w}`, `planes of ${h} × ${w}: ${tiles}`, '16', {
        dct,
        dims: [1, h * w > 999 ? 1 : 2, h, w],
      });
    }
  }
  for (const type of TYPES) {
    make(`dct-${type}`, `values become ${type}`, '11 16', { type, step: 0.9, dct: 'weighted', dims: [2, 2, 4, 5] });
  }
  for (const lanes of LANES) make(`dct-lanes-${lanes}`, `${lanes} lane(s)`, '12.1 16', { lanes });
  make('dct-rows', 'planes of one value', '6 16', { layout: 'rows', dims: [4, 5] });
  make('dct-nchw-rank-3', 'planes of one line', '6 16', { dims: [2, 3, 9] });
  make('dct-nhwc', 'channels last', '6 16', { layout: 'nhwc', dims: [2, 6, 5, 3], dct: 'weighted' });
  make('dct-height-of-two-axes', 'a height that is the product of two axes', '6 16', { dims: [1, 2, 5, 14, 3] });
  make('dct-contexts', 'contexts among coefficients', '9.2 16', { thresholds: [1, 4], tables: family(3, 0, 6, 6) });
  make('dct-units-segments', 'segments and no offsets', '5.2 16', { bins: UNITS, segmentSize: 4 });
  make(
    'dct-scales',
    'a step for every plane',
    '10 16',
    { scales: { rows: true, channels: [0, -6, 9] }, dct: 'weighted' },
    { rowScales: [3, -3], stepIndex: 1 },
  );
  const both = profileOf('dct', source('dct profile'), 3, { mean: true, coefficients: 2 });
  for (const dct of ['plain', 'weighted'] as const) {
    make(`dct-${dct}-transform`, 'the DCT, then the channel transform, then the mean', '15 16', {
      dct,
      profile: { file: both, mean: true },
      channelTransform: true,
      dims: [2, 3, 9, 6],
    });
  }
  make('dct-mean', 'the DCT, then the mean', '15 16', { profile: { file: both, mean: true }, dims: [2, 3, 4, 4] });
  make('dct-raw', 'a raw body', '5.1 16', { type: 'int8' }, { raw: new Uint8Array(120).fill(9), levels: undefined });
}
