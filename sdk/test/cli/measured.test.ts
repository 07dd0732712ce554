/** `slicer encode --measured-kl`: a budget of measured quality, with a tail on onnxruntime-node. */
import { existsSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/npy/index.js';
import { loadRuntime, writeModel } from '../../src/onnx/index.js';
import { residual } from '../onnx/graphs.js';
import { failure, report, slicer, workFolder } from './run.js';

const runtime = await loadRuntime().catch(() => undefined);
const work = workFolder();
const inFolder = () => ({ cwd: work.folder });

beforeAll(async () => {
  writeFileSync(work.path('model.onnx'), writeModel(residual()));
  const data = Float32Array.from({ length: 4 }, (_, i) => 1.7 * i - 2.3);
  writeFileSync(work.path('x.npy'), writeNpy({ type: 'float32', data, dims: [1, 4] }));
  await slicer(['split', 'model.onnx', '--at', 'a', '-o', 'parts'], inFolder());
});

describe.skipIf(!runtime)('encode --measured-kl', () => {
  test('keeps the answers of the tail within the KL, and says what it measured', async () => {
    const args = ['encode', 'x.npy', 'x.slcr', '--measured-kl', '0.01', '--tail', 'parts/tail.onnx'];
    const { measured, budget, report: made } = await report(args, inFolder());
    expect(measured.kl).toBeLessThanOrEqual(0.01);
    expect(measured.agreement).toBe(1);
    expect(budget).toEqual({ measuredKl: 0.01, tail: 'parts/tail.onnx' });
    expect(made.bytes).toBeGreaterThan(0);
    expect((await slicer(args, inFolder())).stdout.toString()).toMatch(
      /answers: KL \S+ nats, 100 % the same, after \d+ tries/,
    );
  });

  test.each<[string, string[], string]>([
    ['a KL without a tail', ['--measured-kl', '0.1'], 'invalid_budget'],
    ['a tail without a KL', ['--tail', 'parts/tail.onnx', '--step', '1'], 'invalid_budget'],
    [
      'another budget beside it',
      ['--measured-kl', '0.1', '--tail', 'parts/tail.onnx', '--step', '1'],
      'invalid_budget',
    ],
    ['a KL of nothing', ['--measured-kl', '0', '--tail', 'parts/tail.onnx'], 'invalid_option'],
    ['a tail that is none', ['--measured-kl', '0.1', '--tail', 'x.npy'], 'bad_onnx'],
  ])('refuses %s', async (_, args, code) => {
    expect((await failure(['encode', 'x.npy', 'no.slcr', ...args], inFolder())).code).toBe(code);
    expect(existsSync(work.path('no.slcr'))).toBe(false);
  });
});
