import { describe, expect, it } from 'vitest';
import { bytesAtKl, divergence, logSoftmax, lowerHull, spread } from '../../src/eval/kl.js';

describe('divergence', () => {
  it('is zero for the same logits, whatever is added to all of them', () => {
    const a = [1, -2, 3.5];
    expect(divergence(a, [11, 8, 13.5])).toEqual({ kl: 0, agreement: 1 });
    expect(divergence(a, a)).toEqual({ kl: 0, agreement: 1 });
  });

  it('equals the sum by hand', () => {
    const p = [Math.log(0.5), Math.log(0.25), Math.log(0.25)];
    const q = [Math.log(0.25), Math.log(0.5), Math.log(0.25)];
    const byHand = 0.5 * Math.log(2) + 0.25 * Math.log(0.5);
    const { kl, agreement } = divergence(p, q);
    expect(kl).toBeCloseTo(byHand, 12);
    expect(agreement).toBe(0);
  });

  it('takes the mean over positions', () => {
    const { kl, agreement } = divergence([0, 5, 1, 0], [0, 5, 0, 1], 2);
    expect(agreement).toBe(0.5);
    expect(kl).toBeCloseTo(divergence([1, 0], [0, 1]).kl / 2, 12);
  });

  it('survives logits that overflow exp, and refuses unlike lengths', () => {
    expect(logSoftmax([1e4, 0])[0]).toBe(0);
    expect(divergence([1e4, 0], [0, 1e4]).kl).toBeCloseTo(1e4, 6);
    expect(() => divergence([1, 2], [1, 2, 3])).toThrow(RangeError);
    expect(() => divergence([1, 2, 3], [1, 2, 3], 2)).toThrow(RangeError);
  });
});

describe('curves', () => {
  it('reads straight lines in logarithms and never extrapolates', () => {
    const points = [
      { bytes: 1000, kl: 0.01 },
      { bytes: 250, kl: 0.16 },
    ];
    expect(bytesAtKl(points, 0.04)).toBeCloseTo(500, 9);
    expect(bytesAtKl(points, 0.01)).toBeCloseTo(1000, 9);
    expect(bytesAtKl(points, 0.2)).toBeUndefined();
    expect(bytesAtKl(points, 0.005)).toBeUndefined();
  });

  it('keeps the points that no others beat', () => {
    const best = [
      { bytes: 100, kl: 1 },
      { bytes: 200, kl: 0.1 },
      { bytes: 400, kl: 0.03 },
    ];
    const worse = [
      { bytes: 150, kl: 0.6 },
      { bytes: 220, kl: 0.2 },
      { bytes: 500, kl: 0.03 },
    ];
    expect(lowerHull([...worse, ...best])).toEqual(best);
  });

  it('summarises', () => {
    expect(spread([4, 1, 3, 2, 5])).toEqual({ mean: 3, median: 3, p95: 4.8, max: 5 });
    expect(spread([7])).toEqual({ mean: 7, median: 7, p95: 7, max: 7 });
  });
});
