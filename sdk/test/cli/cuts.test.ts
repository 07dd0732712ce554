/** `slicer cuts` and `slicer split` as programs. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/npy/index.js';
import { loadRuntime, writeModel } from '../../src/onnx/index.js';
import { residual } from '../onnx/graphs.js';
import { failure, report, slicer, workFolder } from './run.js';

const runtime = await loadRuntime().catch(() => undefined);
const work = workFolder();
const inFolder = () => ({ cwd: work.folder });

beforeAll(() => {
  writeFileSync(work.path('model.onnx'), writeModel(residual()));
  const data = Float32Array.from({ length: 12 }, (_, i) => i - 6);
  writeFileSync(work.path('x.npy'), writeNpy({ type: 'float32', data, dims: [3, 4] }));
  writeFileSync(work.path('ids.npy'), writeNpy({ type: 'int32', data: new Int32Array(12), dims: [3, 4] }));
});

describe.skipIf(!runtime)('cuts', () => {
  test('lists every cut, with samples and a picture', async () => {
    const args = ['cuts', 'model.onnx', '--multi', '--samples', 'x.npy', '--plot', 'cuts.svg'];
    const found = await report(args, inFolder());
    expect(found).toMatchObject({ command: 'cuts', macs: 16, parameters: 16, inputBytes: 16 });
    expect(found.cuts.map((cut: { tensors: { name: string }[] }) => cut.tensors.map((one) => one.name))).toEqual([
      ['a'],
      ['sum'],
      ['b'],
      ['a', 'inner'],
      ['a', 'inner2'],
    ]);
    expect(found.cuts[0].tensors[0].statistics).toMatchObject({ samples: 3, zeros: 7 / 12, maxAbs: 5 });
    const svg = readFileSync(work.path('cuts.svg'), 'utf8');
    expect(svg).toMatch(/^<svg .*<\/svg>\s*$/s);
    expect(svg).toContain('model.onnx');
  });

  test('says the same in words', async () => {
    const { code, stdout } = await slicer(['cuts', 'model.onnx', '--input-shape', 'x=2,4', '--multi=2'], inFolder());
    expect(code).toBe(0);
    const text = stdout.toString();
    expect(text).toMatch(/3 cuts of one tensor; \* is on the front/);
    expect(text).toMatch(/^\* a {2,}Relu {2,}float32 {2,}2 × 4 {2,}32 /m);
    expect(text).toMatch(/^ {2}a .*\n {2}\+ inner /m);
  });

  test.each<[string, string[], number, string]>([
    ['a size for an input it has not', ['--input-shape', 'z=1,4'], 2, 'unknown_tensor'],
    ['a size that does not fit', ['--input-shape', 'x=1,5'], 2, 'invalid_option'],
    ['samples of another type', ['--samples', 'ids.npy'], 3, 'invalid_tensor'],
    ['samples for no input', ['--samples', 'z=x.npy'], 2, 'unknown_tensor'],
    ['samples that are not there', ['--samples', 'none.npy'], 2, 'io_error'],
    ['an input it has not', ['--from', 'z'], 2, 'unknown_tensor'],
  ])('%s', async (_, flags, exit, code) => {
    const error = await failure(['cuts', 'model.onnx', ...flags, '--plot', 'none.svg'], inFolder());
    expect(error).toMatchObject({ exit, code });
    expect(error.advice).not.toBe('');
    expect(existsSync(work.path('none.svg'))).toBe(false);
  });

  test('a model that is none, or not there', async () => {
    expect(await failure(['cuts', 'x.npy'], inFolder())).toMatchObject({ exit: 3, code: 'bad_onnx' });
    expect(await failure(['cuts', 'none.onnx'], inFolder())).toMatchObject({ exit: 2, code: 'io_error' });
  });
});

describe.skipIf(!runtime)('split', () => {
  test('makes a chain, checked on supplied inputs too', async () => {
    const args = [
      'split',
      'model.onnx',
      '--at',
      'a,inner',
      '--at',
      'b',
      '-o',
      'chain',
      '--verify',
      '--inputs',
      'x.npy',
    ];
    const done = await report(args, inFolder());
    expect(readdirSync(work.path('chain')).sort()).toEqual(['cut.json', 'head.onnx', 'middle-1.onnx', 'tail.onnx']);
    expect(done.cuts.map((cut: { tensors: unknown[] }) => cut.tensors.length)).toEqual([2, 1]);
    expect(done.verification).toMatchObject({ ok: true, maxDifference: 0, runs: { random: 1, supplied: 3 } });
  });

  test('says which path goes round a tensor that is no cut, and leaves nothing', async () => {
    const error = await failure(['split', 'model.onnx', '--at', 'inner', '-o', 'none'], inFolder());
    expect(error).toMatchObject({ exit: 2, code: 'not_a_cut' });
    expect(error.message).toMatch(/'inner' does not separate .* the path x → a → sum .*goes round it/);
    expect(existsSync(work.path('none'))).toBe(false);
  });
});
