/** From features to the contents of a profile. */
import { describe, expect, test } from 'vitest';
import { featureView, itemsOf } from '../../src/calibrate/features.js';
import { fisherGram } from '../../src/calibrate/fisher.js';
import { type CalibrateOptions, calibrate, type ProfileParts } from '../../src/calibrate/index.js';
import { Tail } from '../../src/calibrate/tail.js';
import type { Tensor } from '../../src/codec/types.js';
import { loadRuntime, writeModel } from '../../src/onnx/index.js';
import { model, node } from '../onnx/graphs.js';
import { convolutionTail, planes, tokens, tokenTail } from './features.js';

const runtime = await loadRuntime().catch(() => undefined);

const refusal = (options: CalibrateOptions) =>
  calibrate(options).then(
    () => undefined,
    (error) => error,
  );

/** Covariance of the coefficients of all positions. */
function coefficients(parts: ProfileParts, tensor: Tensor): number[][] {
  const { rank, forward } = parts.transform!;
  const [images, channels, ...sides] = tensor.dims;
  const plane = sides.reduce((a, b) => a * b, 1);
  const data = tensor.data as Float32Array;
  const sum = Array.from({ length: rank }, () => new Array<number>(rank).fill(0));
  for (let image = 0; image < images; image++) {
    for (let p = 0; p < plane; p++) {
      const x = Array.from({ length: channels }, (_, c) => data[(image * channels + c) * plane + p] - parts.mean[c]);
      const z = Array.from({ length: rank }, (_, i) => x.reduce((s, v, c) => s + forward[i * channels + c] * v, 0));
      for (let i = 0; i < rank; i++) for (let j = 0; j < rank; j++) sum[i][j] += (z[i] * z[j]) / (images * plane);
    }
  }
  return sum;
}

describe.skipIf(!runtime)('with a tail that runs', () => {
  test('planes: the tools that win are taken, and the curve is measured', async () => {
    const features = planes(60, 12, 12, 1);
    const stages = new Set<string>();
    const { parts, report } = await calibrate({
      features: [features],
      model: convolutionTail(12, 12),
      amortise: 1e6,
      second: [planes(10, 12, 12, 9)],
      progress: (stage) => stages.add(stage),
    });
    expect(report).toMatchObject({ inputs: 60, heldOut: 12, secondInputs: 10, channels: 12, judge: 'kl' });
    expect(report.metric).toMatchObject({ kind: 'weights', fallback: false, readers: [{ op: 'Conv', weight: 'w' }] });
    expect(report.outcomes.map((one) => one.name)).toHaveLength(8);
    const chosen = report.outcomes.find((one) => one.name === report.chosen)!;
    expect(chosen.ratio).toBeLessThan(1);
    expect(chosen.secondRatio).toBeLessThan(1);
    expect(chosen.bytesPerFrame).toBeLessThan(report.outcomes[0].bytesPerFrame);
    expect(chosen.breakEvenFrames).toBe(Math.ceil(chosen.breakEvenFrames!));
    expect(report.curve.length).toBeGreaterThanOrEqual(6);
    for (let i = 1; i < report.curve.length; i++) {
      expect(report.curve[i].step).toBeGreaterThan(report.curve[i - 1].step);
      expect(report.curve[i].bytes).toBeLessThanOrEqual(report.curve[i - 1].bytes);
    }
    expect(parts.curve).toEqual(report.curve);
    expect(stages.size).toBeGreaterThan(3);
  });

  test('a forced transform decorrelates, inverts, and says so', async () => {
    const features = planes(60, 6, 4, 2);
    const { parts, report } = await calibrate({
      features: [features],
      model: convolutionTail(6, 4),
      forceTransform: true,
    });
    expect(report.chosen).toContain('transform');
    const { rank, forward, inverse } = parts.transform!;
    expect(rank).toBe(6);
    for (let i = 0; i < 6; i++) {
      for (let j = 0; j < 6; j++) {
        let sum = 0;
        for (let k = 0; k < 6; k++) sum += forward[i * 6 + k] * inverse[k * 6 + j];
        expect(sum).toBeCloseTo(i === j ? 1 : 0, 4);
      }
    }
    const covariance = coefficients(parts, features);
    let left = 0;
    for (let i = 0; i < 6; i++) {
      expect(covariance[i][i] / parts.transform!.sigma[i] ** 2).toBeCloseTo(1, 4);
      for (let j = 0; j < i; j++)
        left += (covariance[i][j] / (parts.transform!.sigma[i] * parts.transform!.sigma[j])) ** 2 / 15;
    }
    // Shrinkage leaves a trace of correlation.
    expect(Math.sqrt(left)).toBeLessThan(0.2);
  });

  test('tokens: no transform without a second source that it wins on too', async () => {
    const options = { features: [tokens(640, 5, 3)], model: tokenTail(5), amortise: 1e9 };
    const alone = await calibrate(options);
    expect(alone.report.chosen).not.toContain('transform');
    const alike = await calibrate({ ...options, second: [tokens(160, 5, 4)] });
    for (const { secondRatio } of alike.report.outcomes) expect(secondRatio).not.toBeNull();
    const forced = await calibrate({ ...options, forceTransform: true });
    expect(forced.report.chosen).toContain('transform');
  });

  test('metric fisher is labelled, and close to the curvature of a linear tail', async () => {
    const tail = await Tail.open(writeModel(tokenTail(5)), 'h');
    const view = featureView([16, 5]);
    const small = tokens(16, 5, 8);
    // Small values: answers near the uniform ones, where the curvature is known.
    (small.data as Float32Array).forEach((x, i, all) => {
      all[i] = x / 100;
    });
    const gram = await fisherGram(tail, [...itemsOf(small, view)], view);
    await tail.close();
    const raw = tokenTail(5).graph!.initializer[0].rawData;
    const stored = new Float32Array(raw.buffer, raw.byteOffset, 20);
    const v = Array.from({ length: 5 }, (_, c) => Array.from(stored.subarray(4 * c, 4 * c + 4)));
    const centred = v.map((row) => row.map((x) => x - row.reduce((a, b) => a + b, 0) / 4));
    const expected = centred.flatMap((a) => centred.map((b) => a.reduce((sum, x, k) => sum + (x * b[k]) / 4, 0)));
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0);
    expect(dot(gram, expected) / Math.sqrt(dot(gram, gram) * dot(expected, expected))).toBeGreaterThan(0.99);

    const features = [planes(30, 4, 4, 5)];
    const { report } = await calibrate({ features, model: convolutionTail(4, 4), metric: 'fisher' });
    expect(report.metric).toEqual({ kind: 'fisher', fallback: false, readers: [], stops: [] });
    expect(await refusal({ features, metric: 'fisher' })).toMatchObject({ code: 'invalid_option' });
  });

  test('the same features give the same numbers', async () => {
    const options = { features: [planes(30, 4, 4, 5)], model: convolutionTail(4, 4) };
    const [a, b] = [await calibrate(options), await calibrate(options)];
    expect(a.parts).toEqual(b.parts);
    expect(a.report).toEqual(b.report);
  });
});

describe('without a tail', () => {
  test('the weighted error judges, and there is no curve', async () => {
    const { parts, report } = await calibrate({ features: [planes(40, 4, 4, 6)] });
    expect(report).toMatchObject({ judge: 'weighted-error', notRun: 'no model was given' });
    expect(report.metric).toMatchObject({ kind: 'covariance', fallback: true });
    expect(report.warnings.join()).toContain('plain covariance');
    expect(parts.curve).toEqual([]);
  });

  test('a tail without readable weights is a stated fallback', async () => {
    const given = model({
      inputs: { h: ['N', 4, 4, 4] },
      outputs: { y: ['N', 4, 4, 4] },
      nodes: [node('Relu', 'h', 'y')],
    });
    const { report } = await calibrate({ features: [planes(40, 4, 4, 6)], model: given, runTail: false });
    expect(report.metric).toMatchObject({ kind: 'covariance', fallback: true, stops: [{ op: 'Relu' }] });
    expect(report.warnings.join()).toContain('not linear');
    const asked = await calibrate({
      features: [planes(40, 4, 4, 6)],
      model: given,
      metric: 'covariance',
      runTail: false,
    });
    expect(asked.report.metric.fallback).toBe(false);
  });

  test('few inputs give statistics without a transform', async () => {
    const { report } = await calibrate({ features: [tokens(80, 40, 7)] });
    expect(report.outcomes.every((one) => !one.name.includes('transform'))).toBe(true);
    expect(report.warnings.join()).toContain('200 are needed');
  });
});

describe('features nobody can use', () => {
  test('too few: the error says how many are needed', async () => {
    expect(await refusal({ features: [] })).toMatchObject({ code: 'too_few_inputs' });
    const error = await refusal({ features: [planes(10, 4, 4, 1)] });
    expect(error).toMatchObject({ code: 'too_few_inputs' });
    expect(error.message).toMatch(/10 .*20 are needed/);
    const forced = await refusal({ features: [tokens(80, 40, 7)], forceTransform: true });
    expect(forced).toMatchObject({ code: 'too_few_inputs' });
  });

  test.each([3, 64 * 4 + 1])('NaN in element %i, held out or not', async (at) => {
    const features = planes(40, 4, 4, 1);
    (features.data as Float32Array)[at] = Number.NaN;
    expect(await refusal({ features: [features] })).toMatchObject({ code: 'non_finite' });
  });

  test('another shape, another type, options out of range', async () => {
    const mixed = [planes(40, 4, 4, 1), planes(4, 5, 4, 1)];
    expect(await refusal({ features: mixed })).toMatchObject({ code: 'invalid_tensor' });
    expect(await refusal({ features: [planes(40, 4, 4, 1), planes(4, 4, 5, 1)] })).toMatchObject({
      code: 'invalid_tensor',
    });
    const bytes: Tensor = { type: 'uint8', data: new Uint8Array(64), dims: [16, 4] };
    expect(await refusal({ features: [bytes] })).toMatchObject({ code: 'invalid_tensor' });
    const features = [planes(40, 4, 4, 1)];
    expect(await refusal({ features, share: 2 })).toMatchObject({ code: 'invalid_option' });
    expect(await refusal({ features, amortise: 0 })).toMatchObject({ code: 'invalid_option' });
    expect(await refusal({ features, rank: 9, forceTransform: true })).toMatchObject({ code: 'invalid_option' });
  });

  test('a tensor that the model does not have', async () => {
    const error = await refusal({ features: [planes(40, 4, 4, 1)], model: convolutionTail(4, 4), tensor: 'hh' });
    expect(error).toMatchObject({ code: 'unknown_tensor' });
  });
});
