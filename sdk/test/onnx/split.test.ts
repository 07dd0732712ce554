import { describe, expect, test } from 'vitest';
import {
  buildGraph,
  cut,
  type Dim,
  describeValues,
  listCuts,
  loadRuntime,
  readModel,
  surveyCuts,
  type TensorInfo,
  verifyParts,
  writeModel,
} from '../../src/onnx/index.js';
import { branching, chain, integers, model, node, reshaped, residual, weight } from './graphs.js';

// The runtime is an optional peer; where it is not installed only what needs it is left out.
const runtime = await loadRuntime().catch(() => undefined);

const io = (bytes: Uint8Array) => {
  const graph = buildGraph(readModel(bytes));
  return { in: graph.inputs, out: graph.outputs, ops: graph.nodes.map((one) => one.opType) };
};

function refusal(run: () => unknown): { code: string; message: string; advice: string } {
  try {
    run();
  } catch (error) {
    return error as ReturnType<typeof refusal>;
  }
  throw new Error('was accepted');
}

describe('the parts', () => {
  test('have the right ends, nodes and weights', () => {
    const { head, tail, tensor } = cut(writeModel(residual()), 'sum');
    expect(io(head)).toEqual({ in: ['x'], out: ['sum'], ops: ['Relu', 'MatMul', 'Tanh', 'Add'] });
    expect(io(tail)).toEqual({ in: ['sum'], out: ['y'], ops: ['Neg', 'Exp'] });
    expect(readModel(head).graph!.initializer.map((one) => one.name)).toEqual(['w']);
    expect(readModel(tail).graph!.initializer).toEqual([]);
    expect(tensor).toEqual({ name: 'sum', type: 'float32', dims: null });
  });

  test('both get a weight that both use', () => {
    const given = model({
      inputs: { x: [4, 4] },
      outputs: { y: [4, 4] },
      nodes: [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'b'), node('MatMul', 'b w', 'y')],
      weights: [weight('w', [4, 4])],
    });
    const { head, tail } = cut(given, 'b');
    for (const part of [head, tail]) expect(readModel(part).graph!.initializer.map((one) => one.name)).toEqual(['w']);
  });

  test('leave the model as it was', () => {
    const given = residual();
    const before = writeModel(given);
    cut(given, 'sum');
    expect(writeModel(given)).toEqual(before);
  });

  test('old models list weights as inputs: they stay beside their weight', () => {
    const given = chain();
    given.irVersion = 3n;
    given.graph!.input.push(...model({ inputs: { w: [4, 5], v: [5, 3] }, outputs: {}, nodes: [] }).graph!.input);
    const { head, tail } = cut(given, 'a');
    expect(io(head).in).toEqual(['x']);
    expect(readModel(head).graph!.input.map((one) => one.name)).toEqual(['x', 'w']);
    expect(readModel(tail).graph!.input.map((one) => one.name)).toEqual(['a', 'v']);
  });

  test('an output that is read further on leaves from the head', () => {
    const given = residual();
    given.graph!.output.push(...model({ inputs: {}, outputs: { a: ['N', 4] }, nodes: [] }).graph!.output);
    const { head, tail } = cut(given, 'a');
    expect(io(head).out).toEqual(['a']);
    expect(io(tail).out).toEqual(['y']);
  });

  test('caches stay on their side', () => {
    const given = model({
      inputs: { x: [2], past0: [2], past1: [2] },
      outputs: { y: [2], now0: [2], now1: [2] },
      nodes: [
        node('Add', 'x past0', 'now0'),
        node('Relu', 'now0', 'h'),
        node('Add', 'h past1', 'now1'),
        node('Exp', 'now1', 'y'),
      ],
    });
    const options = { from: ['x'], to: ['y'] };
    expect(listCuts(buildGraph(given), options).map((one) => one.name)).toEqual(['now0', 'h', 'now1']);
    const { head, tail } = cut(given, 'h', options);
    expect(io(head)).toMatchObject({ in: ['x', 'past0'], out: ['h', 'now0'] });
    expect(io(tail)).toMatchObject({ in: ['h', 'past1'], out: ['y', 'now1'] });
  });

  test('an element type follows operators, and is asked for where it cannot', () => {
    const nodes = [
      node('Cast', 'x', 'half', { to: 10 }),
      node('Relu', 'half', 'a'),
      node('Greater', 'a zero', 'mask'),
      node('Odd', 'mask', 'b'),
      node('Relu', 'b', 'y'),
    ];
    nodes[3]!.domain = 'somewhere.else';
    const given = model({ inputs: { x: [2] }, outputs: { y: [2] }, nodes, weights: [weight('zero', [])] });
    expect(cut(given, 'a').tensor.type).toBe('float16');
    expect(cut(given, 'mask').tensor.type).toBe('bool');
    expect(refusal(() => cut(given, 'b')).code).toBe('bad_onnx');
    const known = new Map([['b', { name: 'b', type: 'float32', dims: [2] }]]);
    expect(cut(given, 'b', { known }).tensor).toEqual({ name: 'b', type: 'float32', dims: [2] });
  });
});

describe('shapes that cross a cut', () => {
  /** What is known of `a`, which stays in the head, and of `d`, which crosses. */
  const known = (dims: Dim[]) =>
    new Map<string, TensorInfo>([
      ['a', { name: 'a', type: 'float32', dims }],
      ['d', { name: 'd', type: 'float32', dims: ['N', 'rest'] }],
    ]);

  test('are rebuilt from names, numbers and the cut tensor', () => {
    const tail = io(cut(reshaped(), 'd', { known: known(['N', 2, 7]) }).tail);
    expect(tail.in).toEqual(['d']);
    expect(tail.ops).toContain('Gather');
    expect(tail.ops).toContain('Concat');
  });

  test('become a constant when all is fixed', () => {
    const tail = io(cut(reshaped(), 'd', { known: known([1, 2, 7]) }).tail);
    expect(tail.ops).toEqual(['Constant', 'Exp', 'Reshape']);
  });

  test('cross themselves when they cannot be had otherwise', () => {
    for (const table of [known(['N', 2, 'T']), undefined]) {
      const { head, tail, tensors } = cut(reshaped(), 'd', { known: table });
      expect(io(head).out).toEqual(['d', 'sizes']);
      expect(io(tail)).toEqual({ in: ['d', 'sizes'], out: ['y'], ops: ['Exp', 'Reshape'] });
      expect(tensors[1]).toEqual({ name: 'sizes', type: 'int64', dims: [null] });
    }
  });
});

describe.skipIf(!runtime)('with the runtime', () => {
  const fixed = () =>
    model({
      inputs: { x: [1, 2, 6] },
      outputs: { y: [1, 2, 6] },
      nodes: reshaped().graph!.node,
      weights: [integers('flat', [0, -1])],
    });

  test.each([
    ['chain', chain],
    ['residual', residual],
    ['branching', branching],
    ['reshaped', fixed],
  ])('%s: every cut gives what the whole model gives', async (_, make) => {
    const given = make();
    const graph = buildGraph(given);
    const cuts = listCuts(graph);
    const known = await describeValues(
      given,
      [...graph.values.keys()].filter((name) => !graph.inputs.includes(name)),
    );
    for (const { name } of cuts) {
      const { head, tail } = cut(given, name, { known });
      const found = await verifyParts(writeModel(given), [head, tail], [name]);
      expect(found, name).toMatchObject({ ok: true, maxDifference: 0 });
    }
  });

  test('an open size crosses by its name', async () => {
    const given = reshaped();
    const known = await describeValues(given, ['a', 'c']);
    expect(known.get('a')).toEqual({ name: 'a', type: 'float32', dims: ['N', 2, 'T'] });
    const { head, tail } = cut(given, 'c', { known });
    const found = await verifyParts(writeModel(given), [head, tail], ['c'], { inputShapes: { x: [3, 2, 5] } });
    expect(found).toMatchObject({ ok: true, dims: { c: [3, 2, 5] } });
  });

  test('a difference is found', async () => {
    const { head, tail } = cut(residual(), 'sum');
    const other = residual();
    other.graph!.node[0]!.opType = 'Neg';
    const found = await verifyParts(writeModel(other), [head, tail], ['sum']);
    expect(found.ok).toBe(false);
    expect(found.maxDifference).toBeGreaterThan(0);
  });

  test('a survey counts bytes and compute', async () => {
    const survey = await surveyCuts(chain(), { inputShapes: { x: [2, 4] } });
    expect(survey.macs).toBe(2 * 4 * 5 + 2 * 5 * 3);
    expect(survey.inputBytes).toBe(32);
    expect(survey.cuts).toMatchObject([
      { name: 'a', dims: [2, 5], bytes: 40, macsBefore: 40, type: 'float32', onFront: true },
      { name: 'b', dims: [2, 5], bytes: 40, macsBefore: 40 },
    ]);
  });

  test('sizes that do not fit are refused', async () => {
    const error = await surveyCuts(chain(), { inputShapes: { x: [2, 5] } }).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'invalid_option' });
  });
});
