/** `slicer eval` and `slicer plan` as programs, from a model file to a plan. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { explained } from '../../src/cli/eval.js';
import { Mismatch } from '../../src/eval/mismatch.js';
import { writeNpy } from '../../src/npy/index.js';
import { loadRuntime, splitFile, surveyFile, writeModel } from '../../src/onnx/index.js';
import { chain } from '../onnx/graphs.js';
import { failure, report, slicer, workFolder } from './run.js';

const runtime = await loadRuntime().catch(() => undefined);
const work = workFolder();
const inFolder = () => ({ cwd: work.folder });
const PLACE = ['--device-ms', '50', '--server-ms', '5', '--uplink', '1', '--rtt', '10'];

beforeAll(() => {
  writeFileSync(work.path('model.onnx'), writeModel(chain()));
  mkdirSync(work.path('data'));
  const items = Array.from({ length: 6 }, (_, n) => {
    const data = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * (n + 1)));
    writeFileSync(work.path(`data/${n}.npy`), writeNpy({ type: 'float32', data, dims: [16, 4] }));
    return { file: `${n}.npy`, label: n % 3 };
  });
  writeFileSync(work.path('data/manifest.json'), JSON.stringify({ task: 'classification', items }));
});

describe.skipIf(!runtime)('eval and plan', () => {
  test('go from a split model to a plan', { timeout: 120_000 }, async () => {
    await splitFile(work.path('model.onnx'), 'b', work.path('parts'), { verify: false });
    const settings = ['--setting', 'lossless', 'nrmse=0.3'];
    const args = ['eval', 'data/manifest.json', '--parts', 'parts', '-o', 'out', '--plot', ...settings];
    const { summary } = await report(args, inFolder());
    expect(summary).toMatchObject({ task: 'classification', items: 6, rawBytes: 320 });
    expect(summary.rows.map((row: { label: string }) => row.label).slice(1)).toEqual(['lossless', 'nrmse=0.3']);
    expect(summary.rows[1].figures.kl.value).toBe(0);
    expect(readFileSync(work.path('out/eval.md'), 'utf8')).toContain('| nrmse=0.3 |');
    expect(readFileSync(work.path('out/eval.svg'), 'utf8')).toMatch(/^<svg /);
    // A second run finds everything done.
    const before = readFileSync(work.path('out/eval.jsonl'), 'utf8');
    await report(args, inFolder());
    expect(readFileSync(work.path('out/eval.jsonl'), 'utf8')).toBe(before);

    const { cuts, macs, inputBytes } = await surveyFile(work.path('model.onnx'), { inputShapes: { x: [16, 4] } });
    writeFileSync(work.path('cuts.json'), JSON.stringify({ cuts, macs, inputBytes }));
    const files = ['--cuts', 'cuts.json', '--eval', 'out/eval.json'];
    const { code, stdout } = await slicer(['plan', ...files, ...PLACE, '--exclude', 'input', 'local'], inFolder());
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^split at .*\n {2}latency .* = head on the device/);
    const never = await slicer(['plan', ...files, ...PLACE, '--max-latency', '3'], inFolder());
    expect(never.code).toBe(4);
    expect(never.stdout.toString()).toMatch(/^cannot be met: latency ≤ 3 ms fails by/);
  });
});

test.skipIf(!runtime)(
  'labels that the model has no classes for are the manifest’s mistake',
  { timeout: 120_000 },
  async () => {
    await splitFile(work.path('model.onnx'), 'b', work.path('other'), { verify: false });
    const items = [{ file: '0.npy', label: 99 }];
    writeFileSync(work.path('data/wrong.json'), JSON.stringify({ task: 'classification', items }));
    const args = ['eval', 'data/wrong.json', '--parts', 'other', '-o', 'wrong', '--setting', 'balanced'];
    const { stderr, code } = await slicer(args, inFolder());
    expect(stderr.toString()).toMatch(/bad_manifest: Manifest and model do not fit: label 99 is none of \d+ classes/);
    expect(code).toBe(3);
  },
);

describe('wrong use', () => {
  const plan = (...more: string[]) => ['plan', '--eval', 'e.json', ...PLACE, ...more];
  beforeAll(() => writeFileSync(work.path('e.json'), '{}'));

  test.each<[string, string[], string]>([
    ['nothing to plan with', ['plan', ...PLACE, '--rtt', '-5'], 'cuts: '],
    ['a file of another kind', plan(), 'eval: '],
  ])('of plan: %s', async (_, args, field) => {
    const error = await failure(args, inFolder());
    expect(error).toMatchObject({ exit: 2, code: 'invalid_option' });
    expect(error.message.startsWith(field)).toBe(true);
  });

  test.each<[string, string[], object]>([
    ['a setting that is none', ['--setting', 'tiny'], { exit: 2, code: 'invalid_option' }],
    ['a folder without parts', [], { exit: 2, code: 'io_error' }],
  ])('of eval: %s', async (_, more, wanted) => {
    const args = ['eval', 'data/manifest.json', '--parts', 'nowhere', '-o', 'never', ...more];
    expect(await failure(args, inFolder())).toMatchObject(wanted);
    expect(existsSync(work.path('never'))).toBe(false);
  });
});

test('only what does not fit is put down to the manifest', () => {
  expect(explained(new Mismatch('label 9 is none of 3 classes'))).toMatchObject({ code: 'bad_manifest' });
  const cause = new RangeError('Array buffer allocation failed');
  expect(explained(cause)).toBe(cause);
});
