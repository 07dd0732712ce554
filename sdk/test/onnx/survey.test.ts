/** What the survey of a model says: cuts of several tensors, functions, bodies, weights of every kind, samples. */
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  FunctionProtoSchema,
  type ModelProto,
  OperatorSetIdProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
} from '../../src/onnx/gen/onnx_pb.js';
import {
  buildGraph,
  cut,
  listCuts,
  loadRuntime,
  readModel,
  surveyCuts,
  surveyFile,
  writeModel,
} from '../../src/onnx/index.js';
import { readLean } from '../../src/onnx/lean-file.js';
import { graph as body, branching, chain, external, model, node, reshaped, residual, weight } from './graphs.js';

const runtime = await loadRuntime().catch(() => undefined);
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slicer-survey-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytesOf = (name: string, type: TensorProto_DataType, dims: number[], bytes: number[]) =>
  create(TensorProtoSchema, { name, dataType: type, dims: dims.map(BigInt), rawData: Uint8Array.from(bytes) });

const of = (domain: string, made: ReturnType<typeof node>) => Object.assign(made, { domain });

/** x → Twice(x) = Neg(MatMul(x, w)) twice, once through a function that calls a function. */
const functional = (version = 17): ModelProto => {
  const opsetImport = [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(version) })];
  const inner = node('Softmax', 'm', 'o', { axis: 1 });
  inner.attribute[0]!.refAttrName = 'along';
  const once = create(FunctionProtoSchema, {
    name: 'Once',
    domain: 'local',
    input: ['i', 'w'],
    output: ['o'],
    attribute: ['along'],
    node: [node('MatMul', 'i w', 'm'), inner],
    opsetImport,
  });
  const call = (inputs: string, output: string) => of('local', node('Once', inputs, output, { along: 1 }));
  const twice = create(FunctionProtoSchema, {
    name: 'Twice',
    domain: 'local',
    input: ['i', 'w'],
    output: ['o'],
    node: [call('i w', 'm'), call('m w', 'o')],
    opsetImport: [...opsetImport, create(OperatorSetIdProtoSchema, { domain: 'local', version: 1n })],
  });
  const given = model({
    inputs: { x: ['N', 4] },
    outputs: { y: ['N', 4] },
    nodes: [of('local', node('Twice', 'x w', 'h')), node('Neg', 'h', 'y')],
    weights: [weight('w', [4, 4])],
  });
  given.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: 'local', version: 1n }));
  given.functions = [once, twice];
  return given;
};

describe('local functions', () => {
  test('are written out, so that they can be cut inside', () => {
    const graph = buildGraph(functional());
    expect(graph.nodes.map((one) => one.opType)).toEqual(['MatMul', 'Softmax', 'MatMul', 'Softmax', 'Neg']);
    expect(listCuts(graph).length).toBe(4);
    const { head } = cut(functional(), listCuts(graph)[1]!.name);
    expect(buildGraph(readModel(head)).nodes.map((one) => one.opType)).toEqual(['MatMul', 'Softmax']);
  });

  test('stay calls where they were written for other operators, and the survey says so', async () => {
    const graph = buildGraph(functional(13));
    expect(graph.nodes.map((one) => one.opType)).toEqual(['Twice', 'Neg']);
    if (!runtime) return;
    const { barriers } = await surveyCuts(functional(13));
    expect(barriers).toMatchObject([{ op: 'Twice', reason: expect.stringContaining('local function') }]);
  });

  test.skipIf(!runtime)('count in the compute', async () => {
    expect(await surveyCuts(functional())).toMatchObject({ macs: 32, barriers: [] });
  });
});

describe.skipIf(!runtime)('the survey', () => {
  test('weighs both sides; a weight that both use counts on both', async () => {
    const shared = model({
      inputs: { x: [4, 4] },
      outputs: { y: [4, 4] },
      nodes: [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'b'), node('MatMul', 'b w', 'c'), node('Exp', 'c', 'y')],
      weights: [weight('w', [4, 4])],
    });
    const { cuts, macs, parameters, weightBytes } = await surveyCuts(shared);
    expect([macs, parameters, weightBytes]).toEqual([128, 16, 64]);
    expect(cuts.map((one) => [one.name, one.macsBefore, one.macsBehind])).toEqual([
      ['a', 64, 64],
      ['b', 64, 64],
      ['c', 128, 0],
    ]);
    expect(cuts.map((one) => [one.parametersBefore, one.parametersBehind])).toEqual([
      [16, 16],
      [16, 16],
      [16, 0],
    ]);
    expect(cuts[0]!.advice).toMatchObject({ better: 'b', text: expect.stringContaining('after the Relu') });
  });

  test('advises to cut after a pooling', async () => {
    const pooled = model({
      inputs: { x: [1, 4, 8, 8] },
      outputs: { y: [1, 3] },
      nodes: [
        node('Conv', 'x k', 'a'),
        node('GlobalAveragePool', 'a', 'p'),
        node('Flatten', 'p', 'f'),
        node('MatMul', 'f w', 'y'),
      ],
      weights: [weight('k', [4, 4, 1, 1]), weight('w', [4, 3])],
    });
    const { cuts } = await surveyCuts(pooled);
    expect(cuts[0]!.advice!.text).toBe(
      "cut after the pooling 'p' instead: 64 times fewer bytes for no more compute in the head",
    );
  });

  test('lists cuts of several tensors on request, fewest bytes first', async () => {
    expect((await surveyCuts(residual(), { inputShapes: { x: [1, 4] } })).cuts.length).toBe(3);
    const { cuts } = await surveyCuts(residual(), { inputShapes: { x: [1, 4] }, most: 2 });
    const several = cuts.slice(3).map((one) => one.tensors.map((tensor) => tensor.name));
    expect(several).toEqual([
      ['a', 'inner'],
      ['a', 'inner2'],
    ]);
    expect(cuts[3]).toMatchObject({ bytes: 32, macsBefore: 16 });
    for (const names of several) expect(() => cut(residual(), names)).not.toThrow();
  });

  test('takes a shape for no data, and cuts around the bodies of If', async () => {
    expect((await surveyCuts(reshaped(), { inputShapes: { x: [1, 2, 3] } })).cuts.map((one) => one.name)).toEqual([
      'a',
      'c',
      'd',
      'e',
    ]);
    const { cuts, barriers } = await surveyCuts(branching());
    expect(cuts.map((one) => one.name)).toEqual(['a', 'b']);
    expect(barriers).toMatchObject([{ op: 'If', reason: expect.stringContaining('2 bodies run on one side') }]);
  });

  test('cuts around the body of Loop', async () => {
    const scalar = (name: string, type: TensorProto_DataType, bytes: number[]) => bytesOf(name, type, [], bytes);
    const looping = model({
      inputs: { x: [4] },
      outputs: { y: [4] },
      nodes: [
        node('Relu', 'x', 'a'),
        node('Loop', 'times go a', 'b', {
          body: body({
            inputs: { i: ['int64', []], c: ['bool', []], s: [4] },
            outputs: { c2: ['bool', []], s2: [4] },
            nodes: [node('Identity', 'c', 'c2'), node('Add', 's a', 's2')],
          }),
        }),
        node('Neg', 'b', 'y'),
      ],
      weights: [
        scalar('times', TensorProto_DataType.INT64, [3, 0, 0, 0, 0, 0, 0, 0]),
        scalar('go', TensorProto_DataType.BOOL, [1]),
      ],
    });
    const { cuts, barriers } = await surveyCuts(looping);
    expect(cuts.map((one) => [one.name, one.bytes])).toEqual([
      ['a', 16],
      ['b', 16],
    ]);
    expect(barriers).toMatchObject([{ op: 'Loop', reason: expect.stringContaining('body run') }]);
    expect(() => cut(looping, 's2')).toThrow(/lies inside the body of the Loop node/);
  });

  test('reads quantised and half-precision models', async () => {
    const scale = [weight('s', []), bytesOf('z', TensorProto_DataType.INT8, [], [0])];
    const qdq = model({
      inputs: { x: [1, 4] },
      outputs: { y: [1, 2] },
      nodes: [
        node('QuantizeLinear', 'x s z', 'q'),
        node('DequantizeLinear', 'q s z', 'd'),
        node('DequantizeLinear', 'w8 s z', 'w'),
        node('MatMul', 'd w', 'm'),
        node('Relu', 'm', 'y'),
      ],
      weights: [...scale, bytesOf('w8', TensorProto_DataType.INT8, [4, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
    });
    const { cuts, macs } = await surveyCuts(qdq);
    expect(macs).toBe(8);
    expect(cuts.map((one) => [one.name, one.type, one.bytes])).toEqual([
      ['q', 'int8', 4],
      ['d', 'float32', 16],
      ['m', 'float32', 8],
    ]);

    const packed = model({
      inputs: { x: [1, 32] },
      outputs: { y: [1, 2] },
      nodes: [
        of('com.microsoft', node('MatMulNBits', 'x b s', 'm', { K: 32, N: 2, bits: 4, block_size: 32 })),
        node('Relu', 'm', 'y'),
      ],
      weights: [bytesOf('b', TensorProto_DataType.UINT8, [2, 1, 16], Array(32).fill(0x79)), weight('s', [2])],
    });
    packed.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: 'com.microsoft', version: 1n }));
    expect(await surveyCuts(packed)).toMatchObject({ macs: 64, parameters: 66, cuts: [{ name: 'm', bytes: 8 }] });

    const half = model({
      inputs: { x: ['float16', [1, 4]] },
      outputs: { y: ['float16', [1, 4]] },
      nodes: [node('Relu', 'x', 'a'), node('Neg', 'a', 'y')],
    });
    const samples = { '': [{ type: 'float16', data: Uint16Array.from([0xbc00, 0x3c00, 0x4000, 0]), dims: [1, 4] }] };
    const found = await surveyCuts(half, { samples });
    expect(found.cuts).toMatchObject([{ name: 'a', type: 'float16', bytes: 8 }]);
    expect(found.cuts[0]!.tensors[0]!.statistics).toMatchObject({ zeros: 0.5, meanAbs: 0.75, maxAbs: 2, samples: 1 });
  });

  test('says which sizes it guessed, and how to give others', async () => {
    const open = model({
      inputs: { x: ['N', 'L'] },
      outputs: { y: ['N', 'L'] },
      nodes: [node('Relu', 'x', 'a'), node('Neg', 'a', 'y')],
    });
    expect((await surveyCuts(open)).advice[0]).toMatch(/leaves sizes open.*--input-shape x=1,64;/);
    const { advice } = await surveyCuts(open, { inputShapes: { x: [1, 7] } });
    expect(advice.filter((line) => line.includes('sizes'))).toEqual([]);
  });

  test('measures zeros and magnitudes on samples', async () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? -1 : i));
    const samples = { x: [{ type: 'float32', data, dims: [3, 4] }] };
    const { cuts } = await surveyCuts(residual(), { samples });
    const { statistics } = cuts[0]!.tensors[0]!;
    expect(statistics).toMatchObject({ zeros: 4 / 12, maxAbs: 11 });
    expect(statistics!.meanAbs).toBeCloseTo((1 + 2 + 4 + 5 + 7 + 8 + 10 + 11) / 12, 10);
    expect(statistics!.p99Abs).toBeCloseTo(11, 0);
    expect(statistics!.zeroMap.length).toBeGreaterThan(0);
  });

  test.each([
    ['another type', { x: [{ type: 'int32', data: new Int32Array(4), dims: [1, 4] }] }, 'invalid_tensor'],
    ['another size', { x: [{ type: 'float32', data: new Float32Array(5), dims: [1, 5] }] }, 'invalid_tensor'],
    ['another name', { z: [{ type: 'float32', data: new Float32Array(4), dims: [1, 4] }] }, 'unknown_tensor'],
  ])('refuses samples of %s', async (_, samples, code) => {
    const error = await surveyCuts(residual(), { samples }).catch((caught) => caught);
    expect(error).toMatchObject({ code });
    expect(error.message + error.advice).toMatch(/'x'|: x\./);
  });

  test('names an operator that the runtime lacks', async () => {
    const nodes = [node('NoSuchOperator', 'x', 'a'), node('Relu', 'a', 'y')];
    const given = model({ inputs: { x: ['N', 4] }, outputs: { y: ['N', 4] }, nodes });
    const error = await surveyCuts(given).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'unsupported_feature', message: expect.stringContaining('NoSuchOperator') });
  });

  test('refuses a size for an input that is not there', async () => {
    const error = await surveyCuts(residual(), { inputShapes: { z: [1] } }).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'unknown_tensor', advice: 'Its inputs: x.' });
  });
});

describe('large files', () => {
  const large = () =>
    model({
      inputs: { x: ['N', 64] },
      outputs: { y: ['N', 64] },
      nodes: [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'b'), node('MatMul', 'b v', 'y')],
      weights: [weight('w', [64, 64]), weight('v', [64, 64])],
    });

  test('are read without their weights, which stay where they are', async () => {
    const path = join(folder, 'large.onnx');
    writeFileSync(path, writeModel(large()));
    const lean = await readLean(path);
    expect(writeModel(lean).length).toBeLessThan(1000);
    expect(lean.graph!.initializer.map((one) => one.externalData[0]!.value)).toEqual(['large.onnx', 'large.onnx']);
    if (!runtime) return;
    const survey = await surveyCuts(lean, { folder });
    expect(survey).toMatchObject({ macs: 8192, parameters: 8192, weightBytes: 32768 });
    expect(readdirSync(folder)).toEqual(['large.onnx']);
    // The values, not only the sizes: samples run through the mapped weights.
    const x = { type: 'float32', data: new Float32Array(64).fill(1), dims: [1, 64] };
    const mapped = await surveyCuts(lean, { folder, samples: { x: [x] } });
    const plain = await surveyCuts(large(), { samples: { x: [x] } });
    expect(mapped.cuts[0]!.tensors).toEqual(plain.cuts[0]!.tensors);
  });

  test('that are damaged are refused as small ones are', async () => {
    const whole = writeModel(large());
    for (const [name, bytes] of [
      ['cut', whole.subarray(0, whole.length - 100)],
      ['text', new TextEncoder().encode('not a model')],
      ['empty', new Uint8Array(0)],
    ] as const) {
      const path = join(folder, `${name}.bin`);
      writeFileSync(path, bytes);
      expect(await readLean(path).catch((caught) => caught), name).toMatchObject({ code: 'bad_onnx' });
      expect(await surveyFile(path).catch((caught) => caught), name).toMatchObject({ code: 'bad_onnx' });
      rmSync(path);
    }
  });

  test.skipIf(!runtime)('in a folder that cannot be written to', async () => {
    const inner = mkdtempSync(join(folder, 'closed-'));
    writeFileSync(join(inner, 'w.bin'), Buffer.from(new Float32Array(20).fill(1).buffer));
    const given = model({
      inputs: { x: ['N', 4] },
      outputs: { y: ['N', 5] },
      nodes: [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'y')],
      weights: [external('w', [4, 5], { location: 'w.bin', offset: '0', length: '80' })],
    });
    // Root writes anywhere: then this shows only that the model is read.
    chmodSync(inner, 0o555);
    try {
      expect((await surveyCuts(given, { folder: inner })).cuts).toMatchObject([{ name: 'a', bytes: 20 }]);
    } finally {
      chmodSync(inner, 0o755);
      rmSync(inner, { recursive: true });
    }
  });

  test('missing external data', async () => {
    const given = chain();
    given.graph!.initializer[0] = external('w', [4, 5], { location: 'gone.bin', offset: '0', length: '80' });
    const path = join(folder, 'split.onnx');
    writeFileSync(path, writeModel(given));
    const error = await surveyFile(path).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'bad_onnx', message: expect.stringContaining('gone.bin') });
    rmSync(path);
  });
});
