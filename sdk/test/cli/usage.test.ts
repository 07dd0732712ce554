/** What the program says about its own use: help, wrong options, budgets. */
import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/npy/index.js';
import { failure, slicer, workFolder } from './run.js';

const work = workFolder();

beforeAll(() => {
  const data = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
  writeFileSync(work.path('a.npy'), writeNpy({ type: 'float32', data, dims: [8, 8] }));
});

describe('help', () => {
  test('names the commands, the exit codes and what this is not', async () => {
    const { code, stdout } = await slicer(['--help']);
    expect(code).toBe(0);
    const text = stdout.toString();
    for (const word of ['encode', 'decode', 'inspect', 'diff', 'split', 'Exit codes', 'not protection']) {
      expect(text).toContain(word);
    }
  });

  test('of encode has a flag for every budget', async () => {
    const { code, stdout } = await slicer(['encode', '--help']);
    expect(code).toBe(0);
    const text = stdout.toString();
    const budgets = ['--preset', '--nrmse', '--max-error', '--bits-per-value', '--bytes', '--step', '--lossless'];
    for (const flag of [...budgets, '--keep', '--asymmetry', '--blocks', '--distortion']) expect(text).toContain(flag);
    for (const flag of ['--mode', '--effort', '--layout', '--granularity']) expect(text).toContain(flag);
  });

  test('--version is the version of the package', async () => {
    const { code, stdout } = await slicer(['--version']);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('wrong use ends with 2', () => {
  test.each<[string, string[]]>([
    ['an unknown command', ['compress', 'a.npy']],
    ['an unknown option', ['encode', 'a.npy', 'a.slcr', '--lossles']],
    ['a missing argument', ['encode', 'a.npy', '--lossless']],
    ['one argument too many', ['inspect', 'a.npy', 'b.npy']],
    ['a number that is none', ['encode', 'a.npy', 'a.slcr', '--nrmse', 'small']],
    ['an empty number', ['encode', 'a.npy', 'a.slcr', '--nrmse', '']],
    ['a number that is infinite', ['encode', 'a.npy', 'a.slcr', '--nrmse', 'Infinity']],
    ['a fraction of a byte', ['encode', 'a.npy', 'a.slcr', '--bytes', '10.5']],
    ['an unknown preset', ['encode', 'a.npy', 'a.slcr', '--preset', 'tiny']],
    ['an unknown mode', ['encode', 'a.npy', 'a.slcr', '--lossless', '--mode', 'best']],
    ['an unknown effort', ['encode', 'a.npy', 'a.slcr', '--lossless', '--effort', 'max']],
    ['an unknown layout', ['diff', 'a.npy', 'a.npy', '--layout', 'chwn']],
    ['a layout that the rank does not have', ['diff', 'a.npy', 'a.npy', '--layout', 'nhwc']],
    ['split without a folder', ['split', 'a.onnx', '--at', 'x']],
    ['split without a cut', ['split', 'a.onnx', '-o', 'x']],
    ['split at nothing', ['split', 'a.onnx', '--at', ',', '-o', 'x']],
  ])('%s', async (_, args) => {
    const error = await failure(args, { cwd: work.folder });
    expect(error).toMatchObject({ exit: 2, code: 'invalid_option' });
    expect(error.message).not.toBe('');
    expect(error.advice).not.toBe('');
  });

  test('no command at all', async () => {
    const { code, stderr } = await slicer([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: slicer');
  });

  test('without --json the error is for people', async () => {
    const { code, stdout, stderr } = await slicer(['encode', 'a.npy', 'a.slcr'], { cwd: work.folder });
    expect(code).toBe(2);
    expect(stdout.length).toBe(0);
    expect(stderr).toMatch(/^slicer: invalid_budget: .*\n {2}Give one of --preset/);
  });
});

describe('budgets', () => {
  test('none', async () => {
    const error = await failure(['encode', 'a.npy', 'a.slcr'], { cwd: work.folder });
    expect(error).toMatchObject({
      exit: 2,
      code: 'invalid_budget',
      advice: expect.stringContaining('--bits-per-value'),
    });
  });

  test.each([
    ['--nrmse 0.1 --max-error 1', '--nrmse and --max-error'],
    ['--lossless --preset small', '--preset and --lossless'],
    ['--step 1 --keep 0.5 --blocks 4', '--step and --keep --blocks'],
  ])('two: %s', async (flags, named) => {
    const error = await failure(['encode', 'a.npy', 'a.slcr', ...flags.split(' ')], { cwd: work.folder });
    expect(error).toMatchObject({ exit: 2, code: 'invalid_budget', message: expect.stringContaining(named) });
  });

  test.each(['--nrmse -0.1', '--max-error -1', '--step 0', '--step -1', '--keep 2', '--distortion -1', '--blocks 0'])(
    'impossible: %s',
    async (flags) => {
      const error = await failure(['encode', 'a.npy', 'a.slcr', ...flags.split(' ')], { cwd: work.folder });
      expect(error).toMatchObject({ exit: 2, code: 'invalid_budget' });
      expect(error.advice).toContain('--');
    },
  );

  test.each(['--bytes 1', '--bits-per-value 0.01'])('out of reach: %s', async (flags) => {
    const error = await failure(['encode', 'a.npy', 'a.slcr', ...flags.split(' ')], { cwd: work.folder });
    expect(error).toMatchObject({ exit: 4, code: 'budget_unreachable' });
    // The message says what would be possible.
    const smallest = Number(/\d+/.exec(error.message)![0]);
    expect(smallest).toBeGreaterThan(1);
    const possible = await slicer(['encode', 'a.npy', 'a.slcr', '--bytes', String(smallest)], { cwd: work.folder });
    expect(possible.code, possible.stderr).toBe(0);
  });
});
