import { describe, expect, it } from 'vitest';
import { splitImages } from '../rate/images.mjs';
import { entropyBits, levelsOf, narrow } from '../rate/levels.mjs';
import { literal, magnitudeOrder, toHalf } from '../rate/peers/literal.mjs';
import { must } from '../rate/report.mjs';

describe('levels', () => {
  it('are the nearest integers of decoded values', () => {
    expect([...levelsOf([0, 0.49, -1.2, 2.9], 1)]).toEqual([0, 0, -1, 3]);
  });

  it('have the entropy of their frequencies', () => {
    expect(entropyBits([1, 1, 1, 1])).toBe(0);
    expect(entropyBits([0, 1, 2, 3])).toBe(8);
    expect(entropyBits([0, 0, 0, 1])).toBeCloseTo(3 * Math.log2(4 / 3) + 2, 12);
  });

  it('take the narrowest integers that hold them', () => {
    expect(narrow(Int32Array.of(-128, 127)).width).toBe(1);
    expect(narrow(Int32Array.of(128)).width).toBe(2);
    expect(narrow(Int32Array.of(-70000)).width).toBe(4);
  });
});

describe('the literal pipeline', () => {
  const shape = { rows: 2, columns: 4 };
  const code = (values, setting) =>
    literal(Float32Array.from(values), magnitudeOrder(Float32Array.from(values)), shape, setting);

  it('keeps the largest magnitudes and, of equal ones, the lower index', () => {
    const { decoded } = code([1, -2, 1, 3, 1, 0, 0, 0], { keep: 0.5, blocks: 1, distortion: 1e-3 });
    expect([...decoded].map((v) => v !== 0)).toEqual([true, true, true, true, false, false, false, false]);
  });

  it('never keeps zeros', () => {
    const { decoded, mask } = code([0, 0, 5, 0, 0, 0, 0, -5], { keep: 1, blocks: 1, distortion: 0.1 });
    expect([...decoded]).toEqual([0, 0, 5, 0, 0, 0, 0, -5]);
    // Mask of two in eight, two signs, one block and the header.
    expect(mask).toBe(Math.ceil((8 * 0.8112781245 + 2 + 36 + 32) / 8));
  });

  it('keeps the error of every block at its limit', () => {
    const values = Float32Array.from({ length: 8 }, (_, i) => Math.sin(7 * i + 1));
    const rms = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / 8);
    for (const distortion of [0.3, 0.1, 0.01]) {
      const { decoded } = code(values, { keep: 1, blocks: 2, distortion });
      const error = Math.sqrt(values.reduce((sum, v, i) => sum + (v - decoded[i]) ** 2, 0) / 8);
      expect(error).toBeLessThanOrEqual(distortion * rms);
    }
  });

  it('pays for columns and row pointers in its CSR form', () => {
    const { csr, mask } = code([1, 2, 3, 4, 5, 6, 7, 8], { keep: 1, blocks: 1, distortion: 0.5 });
    expect(8 * (csr - mask)).toBeGreaterThanOrEqual(16 * 3 + 8 * 2 - 7);
  });

  it('rounds to f16', () => {
    expect(toHalf(1 + 2 ** -12)).toBe(1);
    expect(toHalf(1 + 3 * 2 ** -12)).toBe(1 + 2 ** -10);
    expect(toHalf(2 ** -24)).toBe(2 ** -24);
    expect(toHalf(0)).toBe(0);
  });
});

describe('the bench', () => {
  it('keeps test and calibration images apart', () => {
    const images = Array.from({ length: 50 }, (_, i) => ({ name: `${i}` }));
    const { test, calibration } = splitImages(images, 12, 20);
    expect(test.length).toBe(12);
    expect(calibration.length).toBe(20);
    expect(new Set([...test, ...calibration]).size).toBe(32);
  });

  it('reads bounds', () => {
    expect(must('a', 0.97, '<= 0.97').ok).toBe(true);
    expect(must('a', 0.49, '>= 0.5').ok).toBe(false);
  });
});
