/** What the commands do when all is well. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DType } from '../../src/codec/types.js';
import { ContainerWriter } from '../../src/container/index.js';
import { StreamEncoder } from '../../src/entry/index.js';
import { readNpy, writeNpy } from '../../src/npy/index.js';
import { buildGraph, listCuts, writeModel } from '../../src/onnx/index.js';
import { chain } from '../onnx/graphs.js';
import { failure, report, slicer, workFolder } from './run.js';

const work = workFolder();
const inFolder = () => ({ cwd: work.folder });

beforeAll(() => {
  const data = Float32Array.from({ length: 2048 }, (_, i) => Math.fround(Math.sin(i * 1.7) * (1 + (i % 13))));
  writeFileSync(work.path('a.npy'), writeNpy({ type: 'float32', data, dims: [1, 8, 16, 16] }));
});

describe('encode, decode, diff', () => {
  test.each([
    ['--nrmse 0.1', 'nrmse', 0.1],
    ['--nrmse 0.01 --granularity row', 'nrmse', 0.01],
    ['--max-error 0.25', 'maxError', 0.25],
  ])('%s is kept', async (flags, field, bound) => {
    const encoded = await report(['encode', 'a.npy', 'a.slcr', ...flags.split(' ')], inFolder());
    expect(encoded.report.bytes).toBe(readFileSync(work.path('a.slcr')).length);
    await report(['decode', 'a.slcr', 'b.npy'], inFolder());
    const diff = await report(['diff', 'a.npy', 'b.npy'], inFolder());
    expect(diff[field]).toBeLessThanOrEqual(bound);
    expect(diff[field]).toBeGreaterThan(0);
    expect(diff[field]).toBeCloseTo(encoded.report[field], 6);
    expect(diff.energyRatio).toBeCloseTo(encoded.report.energyRatio, 6);
  });

  test.each([
    ['--bytes 1500', (r: { bytes: number }) => r.bytes <= 1500],
    ['--bits-per-value 3', (r: { bitsPerValue: number }) => r.bitsPerValue <= 3],
    ['--step 0.5', (r: { step: number }) => Math.abs(r.step - 0.5) < 1e-6],
    ['--preset small', (r: { ratio: number }) => r.ratio > 4],
    ['--preset balanced', (r: { ratio: number }) => r.ratio > 3],
    ['--preset near-lossless', (r: { ratio: number }) => r.ratio > 1.5],
    ['--distortion 0.1', (r: { mode: string }) => r.mode === 'slicer'],
    ['--keep 0.5 --asymmetry 0.8 --blocks 4 --distortion 0.1', (r: { mode: string }) => r.mode === 'slicer'],
    ['--nrmse 0.1 --mode uniform --effort fast --layout nchw', (r: { mode: string }) => r.mode === 'uniform'],
    ['--lossless --mode raw', (r: { mode: string }) => r.mode === 'raw'],
  ])('%s', async (flags, holds) => {
    const encoded = await report(['encode', 'a.npy', 'a.slcr', ...flags.split(' ')], inFolder());
    expect(holds(encoded.report), JSON.stringify(encoded.report)).toBe(true);
    await report(['decode', 'a.slcr', 'b.npy'], inFolder());
  });

  test.each<[DType, Uint8Array]>([
    ['float32', new Uint8Array(Float32Array.of(1.5, -0, 3e-39, 7).buffer)],
    ['float16', Uint8Array.of(0, 0x3c, 0, 0x80, 1, 0, 0xff, 0x7b)],
    ['bfloat16', Uint8Array.of(0x80, 0x3f, 0, 0x80, 1, 0, 0x7f, 0x7f)],
    ['int8', Uint8Array.of(128, 127, 0, 255)],
    ['uint8', Uint8Array.of(0, 1, 254, 255)],
    ['int16', Uint8Array.of(0, 128, 255, 127, 0, 0, 1, 0)],
    ['int32', Uint8Array.of(0, 0, 0, 128, 255, 255, 255, 127, 0, 0, 0, 0, 1, 0, 0, 0)],
  ])('lossless %s, byte for byte', async (type, bits) => {
    const npy = writeNpy({ type, data: bits, dims: [2, 2] });
    writeFileSync(work.path('t.npy'), npy);
    const dtype = type === 'bfloat16' ? ['--dtype', type] : [];
    await report(['encode', 't.npy', 't.slcr', '--lossless', ...dtype], inFolder());
    await report(['decode', 't.slcr', 'u.npy'], inFolder());
    expect(new Uint8Array(readFileSync(work.path('u.npy')))).toEqual(npy);
    expect(await report(['diff', 't.npy', 'u.npy', ...dtype], inFolder())).toMatchObject({
      identical: true,
      maxError: 0,
    });
  });

  test.each([[[]], [[0]], [[3, 0, 2]], [[1]], [[1, 1, 1, 1, 1, 1, 1, 2]]])('dims %j', async (dims) => {
    const size = dims.reduce((n: number, d: number) => n * d, 1);
    const npy = writeNpy({ type: 'float32', data: new Float32Array(size).fill(2.5), dims });
    writeFileSync(work.path('t.npy'), npy);
    await report(['encode', 't.npy', 't.slcr', '--nrmse', '0.001'], inFolder());
    await report(['decode', 't.slcr', 'u.npy'], inFolder());
    expect(await report(['diff', 't.npy', 'u.npy'], inFolder())).toMatchObject({ dims, values: size });
  });

  test('without --json people can read it', async () => {
    const { code, stdout } = await slicer(['encode', 'a.npy', 'a.slcr', '--nrmse', '0.1'], inFolder());
    expect(code).toBe(0);
    for (const word of ['bits per value', 'NRMSE', 'worst group', 'layout', 'sections'])
      expect(stdout.toString()).toContain(word);
  });
});

describe('diff', () => {
  const save = (name: string, values: number[], dims: number[]) =>
    writeFileSync(work.path(name), writeNpy({ type: 'float32', data: Float32Array.from(values), dims }));

  test('figures that can be checked by hand', async () => {
    save('x.npy', [3, 4, 0, 0, 1, 0], [3, 2]);
    save('y.npy', [3, 4, 0, 0, 0, 1], [3, 2]);
    const diff = await report(['diff', 'x.npy', 'y.npy'], inFolder());
    expect(diff.nrmse).toBeCloseTo(Math.sqrt(2 / 26), 12);
    expect(diff.worstGroup).toEqual({ index: 2, nrmse: Math.SQRT2 });
    expect(diff).toMatchObject({ groups: 3, maxError: 1, energyRatio: 1, identical: false, nonFinite: 0 });
    const channels = await report(['diff', 'x.npy', 'y.npy', '--granularity', 'channel'], inFolder());
    expect(channels).toMatchObject({ groups: 2, worstGroup: { index: 0 } });
  });

  test('a zero group must be exact, and infinity is written as text', async () => {
    save('x.npy', [0, 0, 1, 1], [2, 2]);
    save('y.npy', [0, 0.5, 1, 1], [2, 2]);
    const diff = await report(['diff', 'x.npy', 'y.npy'], inFolder());
    expect(diff.worstGroup).toEqual({ index: 0, nrmse: 'Infinity' });
  });

  test('NaN in the same place is no error', async () => {
    save('x.npy', [Number.NaN, 1], [2]);
    save('y.npy', [Number.NaN, 1], [2]);
    expect(await report(['diff', 'x.npy', 'y.npy'], inFolder())).toMatchObject({ maxError: 0, nonFinite: 1 });
    save('y.npy', [2, 1], [2]);
    expect(await report(['diff', 'x.npy', 'y.npy'], inFolder())).toMatchObject({ maxError: 'Infinity', nonFinite: 1 });
  });

  test('shapes must agree', async () => {
    save('x.npy', [1, 2], [2]);
    save('y.npy', [1, 2], [1, 2]);
    expect(await failure(['diff', 'x.npy', 'y.npy'], inFolder())).toMatchObject({ exit: 3, code: 'invalid_tensor' });
  });
});

describe('containers', () => {
  let bytes: Uint8Array;

  beforeAll(async () => {
    await report(['encode', 'a.npy', 'lossy.slcr', '--nrmse', '0.1'], inFolder());
    await report(['encode', 'a.npy', 'exact.slcr', '--lossless'], inFolder());
    const writer = new ContainerWriter({ creator: 'test' });
    const lossy = readFileSync(work.path('lossy.slcr'));
    writer.frame(lossy, { tensor: 'block.10', step: 0 });
    writer.metadata({ step: 0, note: 'tab\there' });
    writer.frame(readFileSync(work.path('exact.slcr')), { tensor: 'block.12', step: 0 });
    writer.frame(lossy, { tensor: 'block.10', step: 1 });
    writer.finish();
    bytes = writer.take();
    writeFileSync(work.path('many.slcr'), bytes);
  });

  test('a tensor by name and step', async () => {
    await report(['decode', 'many.slcr', 'b.npy', '--tensor', 'block.12'], inFolder());
    expect(readFileSync(work.path('b.npy'))).toEqual(readFileSync(work.path('a.npy')));
    await report(['decode', 'many.slcr', 'b.npy', '--tensor', 'block.10', '--step', '1'], inFolder());
    await report(['decode', 'many.slcr', 'b.npy', '--step', '1'], inFolder());
  });

  test('bare bodies of a stream, with the setup stored once', async () => {
    const encoder = new StreamEncoder({ type: 'float32', dims: [2, 16], step: 0.25 });
    const writer = new ContainerWriter();
    const setup = writer.setup(encoder.setup);
    const rows = [0, 1, 2].map((step) => Float32Array.from({ length: 32 }, (_, i) => Math.sin(i + 40 * step) * 9));
    for (const [step, data] of rows.entries()) writer.body(setup, encoder.encode(data), { tensor: 'h', step });
    writeFileSync(work.path('stream.slcr'), writer.take());
    for (const [step, data] of rows.entries()) {
      await report(['decode', 'stream.slcr', 'h.npy', '--step', String(step)], inFolder());
      const got = readNpy(readFileSync(work.path('h.npy')));
      expect(got.dims).toEqual([2, 16]);
      expect(Math.max(...data.map((x, i) => Math.abs(x - got.data[i])))).toBeLessThanOrEqual(0.126);
    }
    const args = ['decode', 'stream.slcr', 'h.npy', '--step', '0', '--max-bytes', '8'];
    expect(await failure(args, inFolder())).toMatchObject({ exit: 4, code: 'limit_exceeded' });
  });

  test.each([
    ['', ['block.10 at step 0', 'block.12 at step 0', 'block.10 at step 1']],
    ['--tensor block.10', ['block.10 at step 0', 'block.10 at step 1']],
    ['--tensor Block10', ['block.10', 'block.12']],
    ['--step 7', ['block.12 at step 0']],
  ])('a choice that leaves none or several: %s', async (flags, named) => {
    const args = ['decode', 'many.slcr', 'c.npy', ...flags.split(' ').filter(Boolean)];
    const error = await failure(args, inFolder());
    expect(error).toMatchObject({ exit: 2, code: 'unknown_tensor' });
    for (const name of named) expect(error.advice).toContain(name);
  });

  test('inspect accounts for every byte and shows what is inside', async () => {
    const info = await report(['inspect', 'many.slcr'], inFolder());
    const sections = Object.values(info.sections as Record<string, number>);
    expect(sections.reduce((a, b) => a + b, 0)).toBe(bytes.length);
    expect(info).toMatchObject({ kind: 'container', sealed: true, tensors: ['block.10', 'block.12'] });
    const frames = info.records.filter((r: { kind: string }) => r.kind === 'frame');
    expect(frames.map((r: { frame: { dims: number[] } }) => r.frame.dims)).toEqual(Array(3).fill([1, 8, 16, 16]));
    const { stdout } = await slicer(['inspect', 'many.slcr'], inFolder());
    expect(stdout.toString()).toContain('block.12');
  });

  test('inspect of a frame accounts for every byte', async () => {
    const info = await report(['inspect', 'lossy.slcr'], inFolder());
    const sections = Object.values(info.sections as Record<string, number>);
    expect(sections.reduce((a, b) => a + b, 0)).toBe(readFileSync(work.path('lossy.slcr')).length);
    expect(info).toMatchObject({ kind: 'frame', type: 'float32', dims: [1, 8, 16, 16] });
  });

  test('names cannot play with the terminal', async () => {
    const writer = new ContainerWriter({ note: '\u001b[2J' });
    writer.tensor('\u001b]0;x\u0007\u202e');
    writeFileSync(work.path('evil.slcr'), writer.take());
    const { stdout } = await slicer(['inspect', 'evil.slcr'], inFolder());
    for (const bad of ['\u001b', '\u0007', '\u202e']) expect(stdout.toString()).not.toContain(bad);
    expect(stdout.toString()).toContain('\\u{1b}');
  });

  test('a file that was cut off', async () => {
    writeFileSync(work.path('cut.slcr'), bytes.subarray(0, bytes.length - 250));
    const args = ['decode', 'cut.slcr', 'b.npy', '--tensor', 'block.12'];
    const error = await failure(args, inFolder());
    expect(error).toMatchObject({ exit: 3, code: 'truncated', advice: expect.stringContaining('--recover') });
    const { code, stderr } = await slicer([...args, '--recover'], inFolder());
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: recovered: kept [\d,]+ B, dropped [\d,]+ B/);
    expect(readFileSync(work.path('b.npy'))).toEqual(readFileSync(work.path('a.npy')));
    const info = await report(['inspect', 'cut.slcr', '--recover'], inFolder());
    expect(info).toMatchObject({ sealed: false, tensors: ['block.10', 'block.12'] });
  });
});

describe('split', () => {
  beforeAll(() => writeFileSync(work.path('model.onnx'), writeModel(chain())));

  test('writes head, tail and a description', async () => {
    const cuts = listCuts(buildGraph(chain()));
    const done = await report(['split', 'model.onnx', '--at', cuts[0].name, '-o', 'parts', '--no-verify'], inFolder());
    expect(readdirSync(work.path('parts')).sort()).toEqual(['cut.json', 'head.onnx', 'tail.onnx']);
    expect(done.cuts[0].tensors[0].name).toBe(cuts[0].name);
  });

  test('a name that is not there lists the nearest', async () => {
    const cuts = listCuts(buildGraph(chain()));
    const error = await failure(['split', 'model.onnx', '--at', `${cuts[0].name}x`, '-o', 'none'], inFolder());
    expect(error).toMatchObject({ exit: 2, code: 'unknown_tensor' });
    expect(error.message + error.advice).toContain(cuts[0].name);
    expect(readdirSync(work.folder)).not.toContain('none');
  });

  test('what is no model', async () => {
    writeFileSync(work.path('bad.onnx'), 'hello');
    expect(await failure(['split', 'bad.onnx', '--at', 'x', '-o', 'none'], inFolder())).toMatchObject({
      exit: 3,
      code: 'bad_onnx',
    });
  });
});
