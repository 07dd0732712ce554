/** Profiles as bytes: what is written is what the codec reads. */
import { describe, expect, test } from 'vitest';
import { Calibrator } from '../../src/calibrate/engine.js';
import { NO_TOOLS, type ProfileParts, partsOf, type Tools } from '../../src/calibrate/parts.js';
import { classesOf, monotone, writeProfile } from '../../src/calibrate/profile.js';
import { Decoder, decode, encode, StreamDecoder, StreamEncoder } from '../../src/entry/index.js';
import { planes, random, tokens } from './features.js';

async function partsFor(channels: number, tools: Partial<Tools>, rank = 0): Promise<ProfileParts> {
  const features = planes(40, channels, 4, 3);
  const calibrator = await Calibrator.create(channels);
  calibrator.add(features.data as Float32Array, 16, false);
  const all = { ...NO_TOOLS, ...tools };
  const curve = [0.1, 0.2, 0.4].map((step, i) => ({ step, bytes: 1000 / (i + 1), kl: 0.01 * 2 ** i }));
  return partsOf(calibrator.statistics(), calibrator.transform(rank), all, curve);
}

const one = (channels: number) => {
  const tensor = planes(1, channels, 4, 77);
  return { ...tensor, data: tensor.data as Float32Array };
};

const nrmse = (a: Float32Array, b: Float32Array) => {
  const error = a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0);
  return Math.sqrt(error / a.reduce((sum, x) => sum + x * x, 0));
};

describe('a profile', () => {
  test.each<[string, Partial<Tools>, string[]]>([
    ['with a mean', { mean: true, dense: true }, ['profile']],
    ['with a transform', { mean: true, transform: true, dense: true }, ['profile', 'channelTransform']],
    [
      'with everything',
      { mean: true, transform: true, dct: true, frequencyWeight: true, trellis: true, energy: true, dense: true },
      ['profile', 'channelTransform', 'dct', 'trellis'],
    ],
  ])('%s is read by the codec, which uses its tools', async (_, tools, names) => {
    const { bytes, id } = await writeProfile(await partsFor(6, tools));
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    const tensor = one(6);
    const frame = encode(tensor, { budget: { step: 0.05 }, profile: bytes });
    expect(frame.report.tools).toEqual(expect.arrayContaining(names));
    const back = decode(frame.bytes, { profiles: [bytes] }).data as Float32Array;
    expect(nrmse(tensor.data, back)).toBeLessThan(0.05);
    // The decoder of `decode` knows the profile by now.
    expect(() => new Decoder().decode(frame.bytes)).toThrow(expect.objectContaining({ code: 'unknown_profile' }));
    const expected = encode(tensor, { budget: { expectedKl: 0.014 }, profile: bytes });
    expect(expected.report.step).toBeGreaterThan(0.05);
  });

  test('a call of decode knows the profiles that it brings, and none of calls before', async () => {
    const [first, second] = await Promise.all(
      [{ mean: true }, { mean: true, transform: true }].map(async (tools) => writeProfile(await partsFor(6, tools))),
    );
    const frame = encode(one(6), { budget: { step: 0.05 }, profile: first.bytes }).bytes;
    const unknown = expect.objectContaining({ code: 'unknown_profile' });
    expect(decode(frame, { profiles: [second.bytes, first.bytes] }).dims).toEqual([1, 6, 4, 4]);
    expect(() => decode(frame, { profiles: [second.bytes] })).toThrow(unknown);
    expect(decode(frame, { profiles: [first.bytes] }).dims).toEqual([1, 6, 4, 4]);
    expect(() => decode(frame)).toThrow(unknown);
  });

  test('of fewer coefficients than channels', async () => {
    const { bytes } = await writeProfile(await partsFor(6, { mean: true, transform: true, dense: true }, 4));
    const frame = encode(one(6), { budget: { step: 0.05 }, profile: bytes });
    expect(decode(frame.bytes, { profiles: [bytes] }).dims).toEqual([1, 6, 4, 4]);
  });

  test('serves the rows of a stream', async () => {
    const features = tokens(64, 9, 5);
    const calibrator = await Calibrator.create(9);
    calibrator.add(features.data as Float32Array, 1, true);
    const data = features.data as Float32Array;
    for (const transform of [false, true]) {
      const tools = { ...NO_TOOLS, mean: true, transform };
      const { bytes } = await writeProfile(partsOf(calibrator.statistics(), calibrator.transform(), tools));
      const encoder = new StreamEncoder({ type: 'float32', dims: [1, 9], step: 0.1, profile: bytes });
      const decoder = new StreamDecoder(encoder.setup, { profiles: [bytes] });
      for (let row = 0; row < 8; row++) {
        const values = data.slice(row * 9, row * 9 + 9);
        const back = decoder.decode(encoder.encode(values)).data as Float32Array;
        expect(nrmse(values, back)).toBeLessThan(0.1);
      }
    }
  });

  test('equal parts give equal bytes; damage is refused', async () => {
    const parts = await partsFor(6, { mean: true, transform: true, dense: true });
    const [a, b] = [await writeProfile(parts), await writeProfile(parts)];
    expect(a).toEqual(b);
    const refusal = (bytes: Uint8Array) => {
      try {
        encode(one(6), { budget: { step: 0.1 }, profile: bytes });
      } catch (error) {
        return (error as { code: string }).code;
      }
      return undefined;
    };
    expect(refusal(a.bytes)).toBeUndefined();
    expect(refusal(a.bytes.slice(0, 30))).toBe('truncated');
    expect(refusal(a.bytes.map((x, i) => (i === 100 ? x ^ 1 : x)))).toBe('checksum_mismatch');
  });

  test('sizes are those of the specification', async () => {
    const wide = await writeProfile(await partsFor(8, { mean: true, transform: true, dense: true }));
    const plain = await writeProfile(await partsFor(8, { mean: true }));
    // Two matrices: a scale and an integer per channel for each coefficient.
    expect(wide.bytes.length - plain.bytes.length).toBeGreaterThanOrEqual(2 * 8 * (4 + 16) + 1);
    expect(wide.bytes.length - plain.bytes.length).toBeLessThan(2 * 8 * (4 + 16) + 20);
  });
});

describe('the parts of a profile', () => {
  test('classes are quarter octaves about the mean energy', () => {
    expect(Array.from(classesOf([1, 1, 1]))).toEqual([0, 0, 0]);
    const [a, b, c] = classesOf([1, 2, 0]);
    expect(b - a).toBe(4);
    expect(c).toBe(-24);
    expect(Math.max(...classesOf([...new Array(100).fill(1e-9), 1e9]))).toBe(13);
  });

  test('a wavy curve is made monotone, and keeps its level', () => {
    const next = random(4);
    const curve = Array.from({ length: 20 }, (_, i) => ({
      step: 0.1 * 1.3 ** (19 - i),
      bytes: 5000 * 1.2 ** (i - 19) * Math.exp(next()),
      kl: 0.001 * 1.5 ** (19 - i) * Math.exp(next()),
    }));
    const points = monotone(curve);
    expect(points).toHaveLength(20);
    for (let i = 1; i < points.length; i++) {
      expect(points[i].step).toBeGreaterThan(points[i - 1].step);
      expect(points[i].kl).toBeGreaterThanOrEqual(points[i - 1].kl);
      expect(points[i].bytes).toBeLessThanOrEqual(points[i - 1].bytes);
    }
    const level = (list: { kl: number }[]) => list.reduce((sum, p) => sum + Math.log(p.kl), 0);
    expect(level(points)).toBeCloseTo(level(curve), 9);
    expect(
      monotone([
        { step: 1, bytes: 10, kl: 0 },
        { step: 2, bytes: 5, kl: 0.1 },
      ]),
    ).toHaveLength(1);
  });
});
