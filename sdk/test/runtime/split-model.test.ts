/** Parts of a model with the codec between them, in onnxruntime-node. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadRuntime, splitFile, writeModel } from '../../src/onnx/index.js';
import { nodeRunner, openHead, openTail, readDescription, SplitModel, webRunner } from '../../src/runtime/index.js';
import { model, node, residual, weight } from '../onnx/graphs.js';

const ort = await loadRuntime().catch(() => undefined);

/** Ids and a mask go in; behind the cut the mask is still read. */
const masked = () =>
  model({
    inputs: { ids: ['int64', ['N', 4]], mask: ['bool', ['N', 4]] },
    outputs: { y: ['N', 4] },
    nodes: [
      node('Cast', 'ids', 'floats', { to: 1 }),
      node('Mul', 'floats gain', 'h'),
      node('Where', 'mask h zero', 'kept'),
      node('Exp', 'kept', 'y'),
    ],
    weights: [weight('gain', [4]), weight('zero', [])],
  });

const half = () =>
  model({
    inputs: { x: ['float16', ['N', 8]] },
    outputs: { y: ['float16', ['N', 8]] },
    nodes: [node('Relu', 'x', 'a'), node('Neg', 'a', 'y')],
  });

/** What crosses is an output of the model as well. */
const both = () => {
  const given = residual();
  given.graph!.output.push(...model({ inputs: {}, outputs: { a: ['N', 4] }, nodes: [] }).graph!.output);
  return given;
};

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('was accepted');
    },
    (error) => error as { code: string; message: string; advice: string },
  );

describe.skipIf(!ort)('split models', () => {
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slicer-runtime-'));
    for (const [name, made, places] of [
      ['residual', residual(), ['sum']],
      ['chain', residual(), [['a', 'inner'], ['sum'], ['b']]],
      ['masked', masked(), ['h', 'mask']],
      ['half', half(), ['a']],
      ['both', both(), ['a']],
    ] as const) {
      writeFileSync(join(folder, `${name}.onnx`), writeModel(made));
      await splitFile(join(folder, `${name}.onnx`), places, join(folder, name), { verify: false });
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const rows = (n: number) => ({
    x: { type: 'float32', data: Float32Array.from({ length: 4 * n }, (_, i) => Math.sin(i)), dims: [n, 4] },
  });
  const whole = async (name: string, feeds: Parameters<SplitModel['run']>[0]) => {
    const runner = await nodeRunner(join(folder, `${name}.onnx`));
    const outputs = await runner.run(feeds);
    await runner.close();
    return outputs;
  };

  test('head to bytes, bytes to outputs, each with its report; the batch may vary', async () => {
    const head = await openHead(join(folder, 'residual'), { encode: { budget: { lossless: true } } });
    const tail = await openTail(join(folder, 'residual'));
    for (const n of [1, 3, 7]) {
      const sent = await head.run(rows(n));
      expect(sent.report).toMatchObject({ bytes: sent.bytes.length, rawBytes: 16 * n, tensors: [{ name: 'sum' }] });
      const { outputs, report } = await tail.run(sent.bytes);
      expect(outputs.y).toMatchObject({ type: 'float32', dims: [n, 4] });
      expect(outputs.y.data).toEqual((await whole('residual', rows(n))).y.data);
      for (const { ms } of [sent.report, report]) {
        expect(ms.model + ms.codec).toBeCloseTo(ms.total, 6);
        expect(Math.min(ms.model, ms.codec)).toBeGreaterThanOrEqual(0);
      }
    }
    const lossy = await head.run(rows(64), { budget: { nrmse: 0.1 } });
    expect(lossy.bytes.length).toBeLessThan(400);
    expect(lossy.report.tensors[0].report.nrmse).toBeLessThanOrEqual(0.1);
    await Promise.all([head.close(), tail.close()]);
  });

  test('computing and encoding can be had one by one', async () => {
    const head = await openHead(join(folder, 'residual'));
    const tail = await openTail(join(folder, 'residual'));
    const tensors = await head.compute(rows(2));
    const { bytes } = head.pack(tensors, { budget: { lossless: true } });
    expect(tail.unpack(bytes).sum.data).toEqual(tensors.sum.data);
    expect((await tail.compute(tail.unpack(bytes))).y.dims).toEqual([2, 4]);
    await Promise.all([head.close(), tail.close()]);
  });

  test('a chain, two tensors over its first link', async () => {
    const split = await SplitModel.open(join(folder, 'chain'), { encode: { budget: { lossless: true } } });
    const { outputs, report } = await split.run(rows(5));
    expect(outputs.y.data).toEqual((await whole('chain', rows(5))).y.data);
    expect(report.middles.length).toBe(2);
    expect(report.rawBytes).toBe(4 * 80);
    expect(report.head.tensors.map((one) => one.name)).toEqual(['a', 'inner']);
    await split.close();
  });

  test('an output that crosses is still an output', async () => {
    const split = await SplitModel.open(join(folder, 'both'), { encode: { budget: { lossless: true } } });
    const { outputs } = await split.run(rows(2));
    const wanted = await whole('both', rows(2));
    expect(Object.keys(outputs).sort()).toEqual(['a', 'y']);
    for (const name of ['a', 'y']) expect(outputs[name].data).toEqual(wanted[name].data);
    await split.close();
  });

  test('masks and ids travel exactly, whatever the budget of the floats', async () => {
    const split = await SplitModel.open(join(folder, 'masked'), { encode: { budget: { nrmse: 0.01 } } });
    const ids = { type: 'int64', data: BigInt64Array.from([1n, 2n, 3n, 4n]), dims: [1, 4] };
    const mask = { type: 'bool', data: Uint8Array.from([1, 0, 1, 0]), dims: [1, 4] };
    const { outputs } = await split.run({ ids, mask });
    const y = outputs.y.data as Float32Array;
    expect([y[1], y[3]]).toEqual([Math.fround(Math.exp(0.1)), Math.fround(Math.exp(0.1))]);
    expect(y[0]).toBeCloseTo(Math.exp(0.1), 1);
    await split.close();
  });

  test('halves', async () => {
    const split = await SplitModel.open(join(folder, 'half'), { encode: { budget: { lossless: true } } });
    const x = { type: 'float16', data: Uint16Array.from([0, 0x3c00, 0xbc00, 0x4000, 1, 0x7bff, 0xfbff, 0x8000]) };
    const { outputs } = await split.run({ x: { ...x, dims: [1, 8] } });
    const { y } = await whole('half', { x: { ...x, dims: [1, 8] } });
    expect(bitsOf(outputs.y.data)).toEqual(bitsOf(y.data));
    expect(bitsOf(outputs.y.data)[1]).toBe(0xbc00);
    await split.close();
  });

  test('webRunner takes any module of the same shape', async () => {
    const open = webRunner({ default: ort }, { session: { executionProviders: ['cpu'] } });
    const runner = await open(writeModel(residual()));
    expect(runner.runtime).toBe('onnxruntime-web');
    expect((await runner.run(rows(1))).y.dims).toEqual([1, 4]);
    await runner.close();
  });

  test.each([
    ['a missing input', {}, /input 'x' is missing; the model wants float32 \[N, 4\]/],
    ['another type', { x: { type: 'int32', data: new Int32Array(4), dims: [1, 4] } }, /is int32 .*wants float32/],
    ['another size', { x: { type: 'float32', data: new Float32Array(5), dims: [1, 5] } }, /\[1, 5\], where/],
    ['another array', { x: { type: 'float32', data: new Int8Array(4), dims: [1, 4] } }, /input 'x' is refused/],
  ])('%s is refused by name', async (_, feeds, pattern) => {
    const runner = await nodeRunner(join(folder, 'residual/head.onnx'));
    const found = await refusal(runner.run(feeds));
    expect(found.code).toBe('invalid_tensor');
    expect(found.message).toMatch(pattern);
    await runner.close();
  });

  test('bytes of another cut, damaged bytes, cut-off bytes', async () => {
    const head = await openHead(join(folder, 'half'));
    const x = { type: 'float16', data: new Uint16Array(8), dims: [1, 8] };
    const { bytes } = await head.run({ x });
    const tail = await openTail(join(folder, 'residual'));
    expect(await refusal(tail.run(bytes))).toMatchObject({ code: 'invalid_tensor', message: /float16.*float32/ });
    const chain = await openTail(join(folder, 'masked'));
    expect(await refusal(chain.run(new Uint8Array(6)))).toMatchObject({ code: expect.any(String) });
    expect(await refusal(chain.run(new Uint8Array([255, 255, 255, 255, 1])))).toMatchObject({ code: 'truncated' });
    await Promise.all([head.close(), tail.close(), chain.close()]);
  });

  test('a folder that holds no split', async () => {
    expect(await refusal(openHead(join(folder, 'nothing')))).toMatchObject({ code: 'io_error' });
    writeFileSync(join(folder, 'cut.json'), '{"format":"slicer-cut","version":1}');
    expect(await refusal(openHead(folder))).toMatchObject({ code: 'bad_cut', message: /version is 1/ });
    const good = { format: 'slicer-cut', version: 2, cuts: [{ tensors: [{ name: 'a', type: 'float32' }] }] };
    const part = { file: '../../etc/passwd', data: null, inputs: [], outputs: [] };
    expect(() => readDescription({ ...good, parts: [part, part] })).toThrow(/parts\[0\]\.file/);
  });
});

function bitsOf(data: unknown): number[] {
  const { buffer, byteOffset, byteLength } = data as ArrayBufferView;
  return [...new Uint16Array(buffer as ArrayBuffer, byteOffset, byteLength / 2)];
}
