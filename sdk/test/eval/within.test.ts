import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/codec/types.js';
import { decode } from '../../src/entry/index.js';
import { divergence } from '../../src/eval/kl.js';
import { encodeWithinKl } from '../../src/eval/within.js';

const CLASSES = 10;
const DIMS = [1, 8, 6, 6];

/** Drawn values, the same each time. */
function drawn(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const tensor: Tensor = { type: 'float32', data: drawn(288, 7), dims: DIMS };
const weights = drawn(288 * CLASSES, 8);

/** A tail of one matrix. */
function answers({ data }: Tensor): Float32Array {
  const values = data as Float32Array;
  return Float32Array.from({ length: CLASSES }, (_, k) =>
    values.reduce((sum, x, i) => sum + x * weights[288 * k + i], 0),
  );
}

describe('a budget of measured quality', () => {
  it.each([0.3, 0.02, 0.001])('keeps the answers within a KL of %d, and uses most of it', async (kl) => {
    const found = await encodeWithinKl(tensor, { kl, answers, tries: 12 });
    const measured = divergence(answers(tensor), answers(decode(found.bytes)));
    expect(measured.kl).toBe(found.kl);
    expect(found.kl).toBeLessThanOrEqual(kl);
    expect(found.kl).toBeGreaterThan(0.05 * kl);
    expect(found.report.bytes).toBe(found.bytes.length);
  });

  it('spends fewer bytes on a looser budget', async () => {
    const sizes = await Promise.all(
      [0.3, 0.001].map(async (kl) => (await encodeWithinKl(tensor, { kl, answers })).bytes.length),
    );
    expect(sizes[0]).toBeLessThan(sizes[1]);
  });

  it('says so when no try stays within the budget', async () => {
    let calls = 0;
    const wild = () => [calls++, 0];
    const search = encodeWithinKl(tensor, { kl: 0.01, answers: wild, tries: 2 });
    await expect(search).rejects.toMatchObject({ code: 'budget_unreachable' });
  });

  it.each([
    [{ kl: 0 }, /kl/],
    [{ kl: Number.NaN }, /kl/],
    [{ kl: 0.1, tries: 1 }, /tries/],
    [{ kl: 0.1, step: -1 }, /step/],
  ])('refuses %j', async (budget, name) => {
    await expect(encodeWithinKl(tensor, { answers, ...budget })).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringMatching(name),
    });
  });
});
