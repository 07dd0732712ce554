/** `slicer calibrate`: from files to a profile. */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/npy/index.js';
import { loadRuntime, writeModel } from '../../src/onnx/index.js';
import { convolutionTail, planes } from '../calibrate/features.js';
import { model, node, weight } from '../onnx/graphs.js';
import { failure, report, slicer, workFolder } from './run.js';

const runtime = await loadRuntime().catch(() => undefined);
const work = workFolder();
const inFolder = () => ({ cwd: work.folder });

beforeAll(() => {
  writeFileSync(work.path('a.npy'), writeNpy(planes(25, 4, 4, 1)));
  writeFileSync(work.path('b.npy'), writeNpy(planes(15, 4, 4, 2)));
  writeFileSync(work.path('few.npy'), writeNpy(planes(5, 4, 4, 3)));
  writeFileSync(work.path('tail.onnx'), writeModel(convolutionTail(4, 4)));
  const whole = model({
    inputs: { x: ['N', 4, 4, 4] },
    outputs: { y: ['N', 2, 4, 4] },
    nodes: [node('Tanh', 'x', 'h'), node('Conv', 'h w', 'y')],
    weights: [weight('w', [2, 4, 1, 1])],
  });
  writeFileSync(work.path('whole.onnx'), writeModel(whole));
  const broken = planes(40, 4, 4, 4);
  (broken.data as Float32Array)[7] = Number.POSITIVE_INFINITY;
  writeFileSync(work.path('broken.npy'), writeNpy(broken));
});

describe('calibrate', () => {
  test.skipIf(!runtime)('features of several files and a tail give a profile that the codec takes', async () => {
    const flags = ['--features', 'a.npy', 'b.npy', '--model', 'tail.onnx', '-o', 'p.slcp', '--force-transform'];
    const found = await report(['calibrate', ...flags], inFolder());
    expect(found).toMatchObject({ command: 'calibrate', output: 'p.slcp' });
    expect(found.id).toMatch(/^[0-9a-f]{16}$/);
    expect(found.report).toMatchObject({ inputs: 40, heldOut: 8, amortise: 1000, judge: 'kl' });
    expect(found.report.metric).toMatchObject({ kind: 'weights', readers: [{ op: 'Conv' }] });
    const profile = new Uint8Array(readFileSync(work.path('p.slcp')));
    expect(found.bytes).toBe(profile.length);
    writeFileSync(work.path('one.npy'), writeNpy(planes(1, 4, 4, 9)));
    const budgets = ['--step 0.1', `--expected-kl ${found.report.curve[2].kl}`];
    for (const budget of budgets) {
      const encoded = await report(
        ['encode', 'one.npy', 'one.slcr', ...budget.split(' '), '--profile', 'p.slcp'],
        inFolder(),
      );
      expect(encoded.report.tools).toContain('profile');
      const refused = await failure(['decode', 'one.slcr', 'back.npy'], inFolder());
      expect(refused).toMatchObject({ code: 'unknown_profile', exit: 3 });
      await report(['decode', 'one.slcr', 'back.npy', '--profile', 'p.slcp'], inFolder());
      const diff = await report(['diff', 'one.npy', 'back.npy'], inFolder());
      expect(diff.nrmse).toBeLessThan(0.5);
    }
    expect(profile[0]).toBe(0x53);
    const again = await report(['calibrate', ...flags], inFolder());
    expect(again.id).toBe(found.id);
  });

  test.skipIf(!runtime)('raw inputs are run through the head', async () => {
    const flags = '--inputs a.npy b.npy --model whole.onnx --tensor h -o q.slcp --no-run'.split(' ');
    const found = await report(['calibrate', ...flags], inFolder());
    expect(found.report).toMatchObject({ inputs: 40, judge: 'weighted-error', notRun: 'not asked for' });
    expect(found.report.metric.readers).toMatchObject([{ op: 'Conv', weight: 'w' }]);
  });

  test('people read what was found, and what was not', async () => {
    const run = await slicer(['calibrate', '--features', 'a.npy', 'b.npy', '-o', 'r.slcp'], inFolder());
    expect(run.code).toBe(0);
    const text = run.stdout.toString();
    for (const words of ['40, of which 8 held out', 'covariance (fallback)', 'break-even', 'wrote r.slcp']) {
      expect(text).toContain(words);
    }
    expect(run.stderr).toContain('plain covariance instead of weights: no model was given');
  });

  test.each([
    ['neither features nor inputs', '-o x.slcp', 'invalid_option', 2],
    ['both', '--features a.npy --inputs a.npy -o x.slcp', 'invalid_option', 2],
    ['inputs without a model', '--inputs a.npy -o x.slcp', 'invalid_option', 2],
    ['no file to write', '--features a.npy', 'invalid_option', 2],
    ['a share beyond 1', '--features a.npy --share 1.5 -o x.slcp', 'invalid_option', 2],
    ['an unknown tensor', '--features a.npy b.npy --model tail.onnx --tensor hh -o x.slcp', 'unknown_tensor', 2],
    ['a file that is not there', '--features none.npy -o x.slcp', 'io_error', 2],
    ['too few inputs', '--features few.npy -o x.slcp', 'too_few_inputs', 3],
    ['infinity', '--features broken.npy -o x.slcp', 'non_finite', 3],
  ])('%s is refused', async (_, flags, code, exit) => {
    expect(await failure(['calibrate', ...flags.split(' ')], inFolder())).toMatchObject({ code, exit });
    expect(() => readFileSync(work.path('x.slcp'))).toThrow();
  });
});
