// What the speed bench makes of its measurements.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeNpy } from 'slicer-codec/npy';
import { expect, test } from 'vitest';
import { CUTS } from '../rate/cuts.mjs';
import { costModel, costPage, peaks } from '../speed/cost-model.mjs';
import { lackOf } from '../speed/frames.mjs';
import { powerOfTwo } from '../speed/made-up.mjs';
import { meanRatios, Timings } from '../speed/timings.mjs';

test('the best of many rounds counts, and ratios are of speeds, tensor by tensor', () => {
  const timings = new Timings();
  const row = (codec, encode, decode) => ({ case: 'a', codec, values: 10, bytes: 1, encode, decode });
  timings.add('native', [row('ours', 30, 8), row('peer', 40, 4)]);
  timings.add('native', [row('ours', 20, 9), row('peer', 50, 6)]);
  const rows = timings.rows();
  expect(rows[0].encode).toEqual({ best: 20, median: 25 });
  const ratio = meanRatios(rows, ['native', 'ours'], ['native', 'peer']);
  expect(ratio.encode).toBeCloseTo(2);
  expect(ratio.decode).toBeCloseTo(0.5);
});

test('tensors of a power of two have that many values', () => {
  for (const k of [8, 12, 16]) {
    const { data, dims } = powerOfTwo(k);
    expect(data.length).toBe(2 ** k);
    expect(dims.reduce((a, b) => a * b)).toBe(2 ** k);
  }
});

test('the cost model has peaks as lines over the values, and instructions at some sizes', () => {
  const at = (values, encode) => ({ setting: 'step, fast', tensor: 4 * values, encode, decode: 5 * values + 7 });
  const held = peaks([at(1000, 8100), at(3000, 24100)]);
  expect(held['step, fast'].encode).toEqual({ perValue: 8, fixed: 100 });
  expect(held['step, fast'].decode).toEqual({ perValue: 5, fixed: 7 });
  const kernels = { 'encode fast': 50, 'decode fast': 11, 'encode token': 400, 'decode token': 200 };
  const slow = Object.fromEntries(Object.entries(kernels).map(([name, n]) => [name, 2 * n]));
  const points = { 100: 50_000, 1000: 60_000 };
  const counted = { 'step, fast': { encode: points, decode: points } };
  const model = costModel(held, counted, { compiler: { simd: kernels, portable: slow } });
  expect(model.settings['step, fast'].encode).toMatchObject({ instructions: points, portable: 2 });
  expect(costPage(model)).toContain('| step, fast | 500 · 60.0 | 500 · 60.0 | 2.00 | 2.00 | 8.0 n + 1 KiB |');
});

test('a folder of features that lacks something is refused with what it lacks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slicer-features-'));
  const npy = (type, dims) => {
    const size = dims.reduce((a, b) => a * b);
    return writeNpy({ type, data: type === 'int8' ? new Int8Array(size) : new Float32Array(size), dims });
  };
  try {
    expect(lackOf(join(folder, 'none'))).toMatch(/there is no folder .*none/);
    expect(lackOf(folder)).toMatch(/holds no b4\.npy, .*bench:rate/);
    for (const { name } of CUTS) writeFileSync(join(folder, `${name}.npy`), npy('float32', [2, 3, 4, 4]));
    expect(lackOf(folder, true)).toBeUndefined();
    rmSync(join(folder, 'pooled.npy'));
    expect([lackOf(folder), lackOf(folder, true)]).toEqual([undefined, expect.stringMatching(/no pooled\.npy/)]);
    writeFileSync(join(folder, 'b4.npy'), npy('int8', [2, 3, 4, 4]));
    expect(lackOf(folder)).toMatch(/b4\.npy holds int8/);
    writeFileSync(join(folder, 'b4.npy'), 'no numbers');
    expect(lackOf(folder)).toMatch(/b4\.npy cannot be read/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
