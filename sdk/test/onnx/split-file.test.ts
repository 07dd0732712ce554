import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadRuntime, readModel, type SplitDescription, splitFile, writeModel } from '../../src/onnx/index.js';
import { chain, external, model, node, residual } from './graphs.js';

const runtime = await loadRuntime().catch(() => undefined);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slicer-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, bytes: Uint8Array) => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('was accepted');
    },
    (error) => error as { code: string; message: string; advice: string },
  );

test.skipIf(!runtime)('writes head, tail and their description, checked', async () => {
  const path = put('model.onnx', writeModel(residual()));
  const out = join(folder, 'deep/out');
  const { files, description } = await splitFile(path, 'sum', out);
  expect(readdirSync(out).sort()).toEqual(['cut.json', 'head.onnx', 'tail.onnx']);
  expect(files.at(-1)).toBe(join(out, 'cut.json'));
  const written = JSON.parse(readFileSync(join(out, 'cut.json'), 'utf8')) as SplitDescription;
  expect(written).toEqual(description);
  expect(written).toMatchObject({
    format: 'slicer-cut',
    version: 2,
    cuts: [{ tensors: [{ name: 'sum', type: 'float32', dims: ['N', 4] }] }],
    parts: [
      { inputs: [{ name: 'x' }], outputs: [{ name: 'sum', dims: ['N', 4] }], data: null },
      { inputs: [{ name: 'sum' }], outputs: [{ name: 'y' }] },
    ],
    verification: { ok: true, maxDifference: 0, runs: { random: 1, supplied: 0 } },
  });
});

test('leaves the check out when asked', async () => {
  const path = put('model.onnx', writeModel(chain()));
  const { description } = await splitFile(path, 'a', join(folder, 'out'), { verify: false });
  expect(description.verification).toBe(null);
});

describe('after a failure nothing is left behind', () => {
  test.each([
    ['unknown tensor', 'nothing', 'unknown_tensor'],
    ['no cut', 'inner', 'not_a_cut'],
  ])('%s', async (_, tensor, code) => {
    const path = put('model.onnx', writeModel(residual()));
    expect(await refusal(splitFile(path, tensor, join(folder, 'out'), { verify: false }))).toMatchObject({ code });
    expect(readdirSync(folder)).toEqual(['model.onnx']);
  });

  test.skipIf(!runtime)('a model the runtime cannot run', async () => {
    const given = chain();
    given.graph!.node[1]!.opType = 'NoSuchOperator';
    const path = put('model.onnx', writeModel(given));
    const found = await refusal(splitFile(path, 'a', join(folder, 'out')));
    expect(found).toMatchObject({ code: 'unsupported_feature' });
    expect(found.message).toContain('NoSuchOperator');
    expect(readdirSync(folder)).toEqual(['model.onnx']);
  });

  test('older results stay as they were', async () => {
    const path = put('model.onnx', writeModel(residual()));
    const out = join(folder, 'out');
    await splitFile(path, 'sum', out, { verify: false });
    const before = readFileSync(join(out, 'head.onnx'));
    await refusal(splitFile(path, 'inner', out, { verify: false }));
    expect(readFileSync(join(out, 'head.onnx'))).toEqual(before);
    expect(readdirSync(out).length).toBe(3);
  });
});

test('files that are not there, and folders that are not folders', async () => {
  expect(await refusal(splitFile(join(folder, 'none.onnx'), 'a', folder))).toMatchObject({ code: 'io_error' });
  const path = put('model.onnx', writeModel(chain()));
  expect(await refusal(splitFile(path, 'a', path, { verify: false }))).toMatchObject({ code: 'io_error' });
});

describe('external data', () => {
  const floats = (count: number) => new Uint8Array(Float32Array.from({ length: count }, (_, i) => (i - 7) / 9).buffer);
  const given = (entries: (offset: number, length: number) => Record<string, string>) =>
    model({
      inputs: { x: [1, 4] },
      outputs: { y: [1, 3] },
      nodes: [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'b'), node('MatMul', 'b v', 'y')],
      weights: [external('w', [4, 5], entries(0, 80)), external('v', [5, 3], entries(80, 60))],
    });
  const beside = (offset: number, length: number) => ({
    location: 'weights.bin',
    offset: `${offset}`,
    length: `${length}`,
  });

  test.skipIf(!runtime)('each side gets its own part', async () => {
    put('weights.bin', floats(35));
    const path = put('model.onnx', writeModel(given(beside)));
    const out = join(folder, 'out');
    const { description } = await splitFile(path, 'b', out);
    expect(description.verification).toMatchObject({ ok: true, maxDifference: 0 });
    expect(readdirSync(out).sort()).toEqual(['cut.json', 'head.data', 'head.onnx', 'tail.data', 'tail.onnx']);
    expect(readFileSync(join(out, 'head.data')).equals(floats(35).subarray(0, 80))).toBe(true);
    expect(readFileSync(join(out, 'tail.data')).equals(floats(35).subarray(80))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['model.onnx', 'out', 'weights.bin']);
    const head = readModel(readFileSync(join(out, 'head.onnx')));
    expect(head.graph!.initializer[0]!.externalData.map((pair) => pair.value)).toEqual(['head.data', '0', '80']);
  });

  test('missing', async () => {
    const path = put('model.onnx', writeModel(given(beside)));
    const found = await refusal(splitFile(path, 'b', join(folder, 'out')));
    expect(found).toMatchObject({ code: 'bad_onnx' });
    expect(found.message).toContain('weights.bin');
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  test('too short', async () => {
    put('weights.bin', floats(20));
    const path = put('model.onnx', writeModel(given(beside)));
    expect((await refusal(splitFile(path, 'b', join(folder, 'out')))).message).toContain('140 bytes are needed, 80');
  });

  test.each(['../weights.bin', '/etc/hosts', 'C:\\weights.bin', 'a/../../b'])(
    'outside the folder: %s',
    async (where) => {
      mkdirSync(join(folder, 'inner'));
      put('weights.bin', floats(35));
      const path = put(
        'inner/model.onnx',
        writeModel(given((offset, length) => ({ ...beside(offset, length), location: where }))),
      );
      const found = await refusal(splitFile(path, 'b', join(folder, 'out')));
      expect(found).toMatchObject({ code: 'bad_onnx' });
      expect(found.message).toContain('outside the folder');
    },
  );
});
