/** The weights that read a tensor, in graphs of every kind that is followed. */
import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { findConsumers } from '../../src/calibrate/consumers.js';
import {
  type ModelProto,
  type NodeProto,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
} from '../../src/onnx/gen/onnx_pb.js';
import { buildGraph, loadRuntime, writeModel } from '../../src/onnx/index.js';
import { external, integers, model, node, weight } from '../onnx/graphs.js';

const runtime = await loadRuntime().catch(() => undefined);

/** The values that `weight` gives a tensor of some dims. */
const values = (count: number) => Float32Array.from({ length: count }, (_, i) => (i + 1) / 10);

/** Σ w·wᵀ over rows, scaled to trace = channels. */
function gramOf(rows: ArrayLike<number>[]): number[] {
  const size = rows[0].length;
  const sum = Array.from({ length: size * size }, (_, at) =>
    rows.reduce((s, row) => s + row[Math.floor(at / size)] * row[at % size], 0),
  );
  const trace = Array.from({ length: size }, (_, i) => sum[i * size + i]).reduce((a, b) => a + b, 0);
  return sum.map((x) => (x * size) / trace);
}

function expectGram(found: { gram?: Float64Array }, rows: ArrayLike<number>[]): void {
  expect(found.gram).toBeDefined();
  gramOf(rows).forEach((x, i) => {
    expect(found.gram![i]).toBeCloseTo(x, 5);
  });
}

/** x → nodes → y, behind a Relu so that `h` is a computed value as real cuts are. */
function behind(nodes: NodeProto[], weights: TensorProto[], dims: number[], last = 'y'): ModelProto {
  return model({ inputs: { x: dims }, outputs: { [last]: ['?'] }, nodes: [node('Relu', 'x', 'h'), ...nodes], weights });
}

const columns = (data: ArrayLike<number>, rows: number, size: number) =>
  Array.from({ length: size }, (_, j) => Array.from({ length: rows }, (_, i) => data[i * size + j]));

describe('operators with weights', () => {
  test('Conv: every output and tap is a row', async () => {
    const w = values(2 * 3 * 4);
    const found = await findConsumers(
      behind([node('Conv', 'h w', 'y')], [weight('w', [2, 3, 2, 2])], [1, 3, 8, 8]),
      'h',
      { dims: [1, 3, 8, 8] },
    );
    const rows = [0, 1].flatMap((o) => [0, 1, 2, 3].map((tap) => [0, 1, 2].map((c) => w[(o * 3 + c) * 4 + tap])));
    expectGram(found, rows);
    expect(found.readers).toMatchObject([{ op: 'Conv', weight: 'w', share: 1, via: [] }]);
    expect(found.stops).toEqual([]);
  });

  test('Conv with groups reads the channels of its group; depthwise is diagonal', async () => {
    const w = values(4 * 2);
    const nodes = [node('Conv', 'h w', 'y', { group: 2 })];
    const found = await findConsumers(behind(nodes, [weight('w', [4, 2, 1, 1])], [1, 4, 2, 2]), 'h', {
      dims: [1, 4, 2, 2],
    });
    expectGram(found, [
      [w[0], w[1], 0, 0],
      [w[2], w[3], 0, 0],
      [0, 0, w[4], w[5]],
      [0, 0, w[6], w[7]],
    ]);
    const deep = [node('Conv', 'h w', 'y', { group: 3 })];
    const diagonal = await findConsumers(behind(deep, [weight('w', [3, 1, 1, 1])], [1, 3, 2, 2]), 'h', {
      dims: [1, 3, 2, 2],
    });
    expectGram(diagonal, [
      [0.1, 0, 0],
      [0, 0.2, 0],
      [0, 0, 0.3],
    ]);
  });

  test('ConvTranspose', async () => {
    const found = await findConsumers(
      behind([node('ConvTranspose', 'h w', 'y')], [weight('w', [3, 2, 2, 1])], [1, 3, 4, 4]),
      'h',
      { dims: [1, 3, 4, 4] },
    );
    expectGram(found, columns(values(12), 3, 4));
  });

  test('MatMul on either side, Gemm with and without transB', async () => {
    const right = await findConsumers(behind([node('MatMul', 'h w', 'y')], [weight('w', [3, 5])], [2, 3]), 'h', {
      dims: [2, 3],
    });
    expectGram(right, columns(values(15), 3, 5));
    const left = await findConsumers(behind([node('MatMul', 'w h', 'y')], [weight('w', [5, 3])], [3, 7]), 'h', {
      dims: [3, 7],
      axis: 0,
    });
    const rows = Array.from({ length: 5 }, (_, i) => values(15).slice(i * 3, i * 3 + 3));
    expectGram(left, rows);
    const turned = behind([node('Gemm', 'h w b', 'y', { transB: 1 })], [weight('w', [5, 3]), weight('b', [5])], [2, 3]);
    expectGram(await findConsumers(turned, 'h', { dims: [2, 3] }), rows);
  });

  test('weights behind Transpose, Cast and DequantizeLinear', async () => {
    const quantised = create(TensorProtoSchema, {
      name: 'q',
      dims: [3n, 2n],
      dataType: TensorProto_DataType.UINT8,
      rawData: Uint8Array.of(10, 20, 30, 40, 50, 60),
    });
    const zero = create(TensorProtoSchema, {
      name: 'zero',
      dims: [2n],
      dataType: TensorProto_DataType.UINT8,
      int32Data: [7, 9],
    });
    const nodes = [
      node('DequantizeLinear', 'q scale zero', 'wide', { axis: 1 }),
      node('Transpose', 'wide', 'turned', { perm: [1, 0] }),
      node('Cast', 'turned', 'w', { to: 1 }),
      node('Gemm', 'h w', 'y', { transB: 1 }),
    ];
    const found = await findConsumers(behind(nodes, [quantised, zero, weight('scale', [2])], [4, 3]), 'h', {
      dims: [4, 3],
    });
    expectGram(found, [
      [0.3, 2.3, 4.3],
      [2.2, 6.2, 10.2],
    ]);
  });

  test.skipIf(!runtime)('MatMulNBits gives the weight that the runtime computes with', async () => {
    const [k, n, block] = [48, 3, 16];
    const bytes = (name: string, length: number, dims: number[]) =>
      create(TensorProtoSchema, {
        name,
        dims: dims.map(BigInt),
        dataType: TensorProto_DataType.UINT8,
        rawData: Uint8Array.from({ length }, (_, i) => (i * 89 + 41) & 255),
      });
    for (const zeros of [true, false]) {
      const nbits = node('MatMulNBits', `h b s${zeros ? ' z' : ''}`, 'y', { K: k, N: n, bits: 4, block_size: block });
      nbits.domain = 'com.microsoft';
      const weights = [bytes('b', n * 3 * 8, [n, 3, 8]), weight('s', [n * 3])];
      if (zeros) weights.push(bytes('z', n * 2, [n * 2]));
      const given = behind([nbits], weights, [k, k]);
      given.opsetImport.push({ ...given.opsetImport[0], domain: 'com.microsoft', version: 1n });
      const session = await runtime!.InferenceSession.create(writeModel(given));
      const eye = Float32Array.from({ length: k * k }, (_, i) => (i % (k + 1) === 0 ? 1 : 0));
      const { y } = await session.run({ x: new runtime!.Tensor('float32', eye, [k, k]) });
      const found = await findConsumers(given, 'h', { dims: [k, k] });
      expectGram(found, columns(y.data as Float32Array, k, n));
    }
  });
});

describe('ways to the weights', () => {
  const w = values(15);
  const matmul = node('MatMul', 'n w', 'y');

  test('batch normalisation and constants scale the channels', async () => {
    const nodes = [
      node('BatchNormalization', 'h scale bias mean variance', 'a'),
      node('Mul', 'a factor', 'b'),
      node('Add', 'b bias4', 'c'),
      node('Conv', 'c w', 'y'),
    ];
    const vectors = ['scale', 'bias', 'mean', 'variance'].map((name) => weight(name, [3]));
    const weights = [...vectors, weight('factor', [3, 1, 1]), weight('bias4', [1, 3, 1, 1]), weight('w', [2, 3, 1, 1])];
    const found = await findConsumers(behind(nodes, weights, [1, 3, 4, 4]), 'h', { dims: [1, 3, 4, 4] });
    const gain = [0.1, 0.2, 0.3].map((v) => (v * v) / Math.sqrt(v + 1e-5));
    expectGram(
      found,
      [0, 1].map((o) => gain.map((g, c) => g * values(6)[o * 3 + c])),
    );
    expect(found.readers[0].via).toEqual(['BatchNormalization', 'Mul', 'Add']);
  });

  test('a spelt-out RMS norm, with a residual sum beside it', async () => {
    const nodes = [
      node('Pow', 'h two', 'p'),
      node('ReduceMean', 'p', 'm', { axes: [-1] }),
      node('Add', 'm eps', 'e'),
      node('Sqrt', 'e', 's'),
      node('Reciprocal', 's', 'r'),
      node('Mul', 'h r', 'u'),
      node('Mul', 'gain u', 'n'),
      node('MatMul', 'n w', 'z'),
      node('Add', 'h z', 'y'),
    ];
    const weights = [weight('two', []), weight('eps', []), weight('gain', [3]), weight('w', [3, 3])];
    const meanSquare = 4;
    const found = await findConsumers(behind(nodes, weights, [2, 3]), 'h', { dims: [2, 3], meanSquare });
    const branch = columns(values(9), 3, 3).map((row) => row.map((x, c) => (x * ((c + 1) / 10)) / 2));
    expectGram(found, [...branch, [1, 0, 0], [0, 1, 0], [0, 0, 1]]);
    expect(found.stops).toEqual([]);
    expect(found.readers.map((one) => one.op).sort()).toEqual(['Add', 'MatMul']);
  });

  test('a spelt-out layer norm and the operator give the same', async () => {
    const spelt = [
      node('ReduceMean', 'h', 'm', { axes: [-1] }),
      node('Sub', 'h m', 'd'),
      node('Pow', 'd two', 'p'),
      node('ReduceMean', 'p', 'v', { axes: [-1] }),
      node('Add', 'v eps', 'e'),
      node('Sqrt', 'e', 's'),
      node('Div', 'd s', 'u'),
      node('Mul', 'u gain', 'g'),
      node('Add', 'g bias', 'n'),
      matmul,
    ];
    const weights = ['gain', 'bias'].map((name) => weight(name, [3])).concat(weight('w', [3, 5]));
    const constants = [weight('two', []), weight('eps', [])];
    const long = await findConsumers(behind(spelt, [...weights, ...constants], [2, 3]), 'h', { dims: [2, 3] });
    const short = [node('LayerNormalization', 'h gain bias', 'n', { axis: -1 }), matmul];
    const found = await findConsumers(behind(short, weights, [2, 3]), 'h', { dims: [2, 3] });
    const rows = columns(w, 3, 5).map((row) => {
      const scaled = row.map((x, c) => (x * (c + 1)) / 10);
      const mean = scaled.reduce((a, b) => a + b, 0) / 3;
      return scaled.map((x) => x - mean);
    });
    expectGram(found, rows);
    expectGram(long, rows);
    expect(long.stops).toEqual([]);
  });

  test('pooling, transposition and flattening move the channels', async () => {
    const pooled = [node('GlobalAveragePool', 'h', 'p'), node('Flatten', 'p', 'n'), matmul];
    const found = await findConsumers(behind(pooled, [weight('w', [3, 5])], [1, 3, 4, 4]), 'h', {
      dims: [1, 3, 4, 4],
    });
    expectGram(found, columns(w, 3, 5));
    const flat = [node('Flatten', 'h', 'f'), node('MatMul', 'f w', 'y')];
    const major = await findConsumers(behind(flat, [weight('w', [6, 1])], [1, 3, 2, 1]), 'h', { dims: [1, 3, 2, 1] });
    expectGram(major, [
      [0.1, 0.3, 0.5],
      [0.2, 0.4, 0.6],
    ]);
    const last = [
      node('Transpose', 'h', 't', { perm: [0, 2, 3, 1] }),
      node('Reshape', 't shape', 'n'),
      node('MatMul', 'n w', 'y'),
    ];
    const weights = [weight('w', [6, 1]), integers('shape', [1, -1])];
    const minor = await findConsumers(behind(last, weights, [1, 3, 2, 1]), 'h', { dims: [1, 3, 2, 1] });
    expectGram(minor, [
      [0.1, 0.2, 0.3],
      [0.4, 0.5, 0.6],
    ]);
  });

  test('a concatenation places the channels behind those of the others', async () => {
    const nodes = [node('Concat', 'x h', 'n', { axis: 1 }), node('Conv', 'n w', 'y')];
    const found = await findConsumers(behind(nodes, [weight('w', [2, 6, 1, 1])], [1, 3, 2, 2]), 'h', {
      dims: [1, 3, 2, 2],
    });
    expectGram(found, [
      [0.4, 0.5, 0.6],
      [1.0, 1.1, 1.2],
    ]);
  });

  test('several readers are added up, with their shares', async () => {
    const nodes = [node('MatMul', 'h w', 'a'), node('MatMul', 'h v', 'b'), node('Relu', 'h', 'c')];
    const found = await findConsumers(behind(nodes, [weight('w', [3, 5]), weight('v', [3, 1])], [2, 3], 'a'), 'h', {
      dims: [2, 3],
    });
    expectGram(found, [...columns(w, 3, 5), [0.1, 0.2, 0.3]]);
    expect(found.readers.reduce((sum, one) => sum + one.share, 0)).toBeCloseTo(1, 12);
    expect(found.stops).toEqual([{ node: 'c', op: 'Relu', reason: 'it is not linear' }]);
  });
});

describe('without weights', () => {
  test.each([
    ['Relu', [node('Relu', 'h', 'y')], 'not linear'],
    ['MaxPool', [node('MaxPool', 'h', 'y')], 'not linear'],
    ['an unknown operator', [node('Odd', 'h', 'y')], 'not known'],
    ['gating', [node('Sigmoid', 'h', 's'), node('Mul', 'h s', 'y')], 'computed'],
    ['attention', [node('MatMul', 'h x', 'y')], 'computed'],
  ])('%s stops the search, with the reason', async (_, nodes, reason) => {
    const found = await findConsumers(behind(nodes, [], [1, 2, 3, 3]), 'h', { dims: [1, 2, 3, 3] });
    expect(found.gram).toBeUndefined();
    expect(found.stops.some((one) => one.reason.includes(reason))).toBe(true);
  });

  test('a residual sum alone is no weight', async () => {
    const found = await findConsumers(behind([node('Add', 'h x', 'y')], [], [2, 3]), 'h', { dims: [2, 3] });
    expect(found.gram).toBeUndefined();
    expect(found.readers).toMatchObject([{ op: 'Add', weight: '' }]);
  });

  test('an unknown tensor is an error that names the inputs', async () => {
    await expect(findConsumers(behind([], [], [2, 3], 'h'), 'hh', { dims: [2, 3] })).rejects.toMatchObject({
      code: 'unknown_tensor',
      advice: expect.stringContaining('x'),
    });
  });

  test('weights beside the model need its folder', async () => {
    const outside = external('w', [3, 5], { location: 'w.bin' });
    const given = behind([node('MatMul', 'h w', 'y')], [outside], [2, 3]);
    await expect(findConsumers(buildGraph(given), 'h', { dims: [2, 3] })).rejects.toMatchObject({ code: 'bad_onnx' });
    const bytes = new Uint8Array(values(15).buffer);
    const found = await findConsumers(given, 'h', { dims: [2, 3], external: async () => bytes });
    expectGram(found, columns(values(15), 3, 5));
  });
});
