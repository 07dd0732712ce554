import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FlowOptions, traceData } from '../../src/onnx/flow.js';
import { buildGraph, listCuts, type ModelProto } from '../../src/onnx/index.js';
import { pathAround, requireCut } from '../../src/onnx/legal.js';
import { graph as body, branching, chain, model, node, reshaped, residual, weight } from './graphs.js';

const names = (of: ModelProto, options?: FlowOptions) => listCuts(buildGraph(of), options).map((cut) => cut.name);

function refusal(run: () => unknown): { code: string; message: string; advice: string } {
  try {
    run();
  } catch (error) {
    return error as ReturnType<typeof refusal>;
  }
  throw new Error('was accepted');
}

const check = (of: ModelProto, name: string) => {
  const graph = buildGraph(of);
  return refusal(() => requireCut(graph, [name], traceData(graph)));
};

describe('listing', () => {
  test('a chain', () => expect(names(chain())).toEqual(['a', 'b']));
  test('a residual block', () => expect(names(residual())).toEqual(['a', 'sum', 'b']));
  test('a shape read across', () => expect(names(reshaped())).toEqual(['a', 'c', 'd', 'e']));
  test('a body that reads from outside', () => expect(names(branching())).toEqual(['a', 'b']));

  test('constants and dead ends do not count', () => {
    const given = model({
      inputs: { x: [2] },
      outputs: { y: [2] },
      nodes: [
        node('Neg', 'w', 'constant'),
        node('Relu', 'x', 'a'),
        node('Exp', 'a', 'dead'),
        node('Add', 'a constant', 'b'),
        node('Exp', 'b', 'y'),
      ],
      weights: [weight('w', [2])],
    });
    expect(names(given)).toEqual(['a', 'b']);
  });

  test('several inputs and outputs', () => {
    const given = model({
      inputs: { p: [2], q: [2] },
      outputs: { y: [2], z: [2] },
      nodes: [
        node('Relu', 'p', 'p1'),
        node('Relu', 'q', 'q1'),
        node('Add', 'p1 q1', 'both'),
        node('Exp', 'both', 'y'),
        node('Neg', 'both', 'z'),
      ],
    });
    expect(names(given)).toEqual(['both']);
    expect(names(given, { from: ['p'] })).toEqual(['p1', 'both']);
    expect(refusal(() => names(given, { from: ['r'] })).code).toBe('unknown_tensor');
  });

  test('nodes out of order', () => {
    const given = residual();
    given.graph!.node.reverse();
    expect(names(given)).toEqual(['a', 'sum', 'b']);
  });

  test('equals trying every value, on random graphs', () => {
    const shape = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 1, maxLength: 14 });
    fc.assert(
      fc.property(shape, (draws) => {
        const values = ['x'];
        const nodes = draws.map(([first, second, binary], i) => {
          const one = values[first % values.length]!;
          const two = values[second % values.length]!;
          values.push(`v${i}`);
          return binary ? node('Add', `${one} ${two}`, `v${i}`) : node('Relu', one, `v${i}`);
        });
        const last = values.at(-1)!;
        const graph = buildGraph(model({ inputs: { x: [1] }, outputs: { [last]: [1] }, nodes }));
        const flow = traceData(graph);
        const expected = values.filter(
          (name) => name !== 'x' && name !== last && flow.data.has(name) && !pathAround(graph, [name], flow),
        );
        expect(listCuts(graph).map((cut) => cut.name)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('refusing a tensor', () => {
  test('unknown, with the nearest names', () => {
    const found = check(residual(), 'inner3');
    expect(found.code).toBe('unknown_tensor');
    expect(found.advice).toContain("'inner2'");
  });

  test('the name of a node', () => {
    const given = chain();
    given.graph!.node[1]!.name = 'relu_node';
    expect(check(given, 'relu_node').advice).toContain("its output is 'b'");
  });

  test('inside the body of an If', () => {
    const found = check(branching(), 'then_out');
    expect(found.code).toBe('not_a_cut');
    expect(found.message).toContain('If');
  });

  test('with the path that goes round it', () => {
    const found = check(residual(), 'inner2');
    expect(found.code).toBe('not_a_cut');
    expect(found.message).toContain('x → a → sum');
    expect(found.advice).toContain("'a' (Relu) and 'sum' (Add)");
  });

  test.each([
    ['x', /model's input/],
    ['y', /model's output/],
    ['w', /weight/],
  ])('%s', (name, pattern) => {
    const found = check(residual(), name);
    expect(found.code).toBe('not_a_cut');
    expect(found.message).toMatch(pattern);
  });

  test('computed from shapes alone', () => expect(check(reshaped(), 'sizes').message).toMatch(/shapes alone/));
});

describe('refusing a graph', () => {
  const broken = (nodes: ReturnType<typeof node>[]) =>
    refusal(() => buildGraph(model({ inputs: { x: [1] }, outputs: { y: [1] }, nodes })));

  test.each([
    ['reads what nothing defines', [node('Relu', 'ghost', 'y')], /'ghost'/],
    ['defines a value twice', [node('Relu', 'x', 'y'), node('Neg', 'x', 'y')], /twice/],
    ['runs in a circle', [node('Add', 'x b', 'a'), node('Relu', 'a', 'b'), node('Neg', 'b', 'y')], /circle/],
    ['lacks its output', [node('Relu', 'x', 'a')], /'y'/],
  ])('that %s', (_, nodes, pattern) => {
    const found = broken(nodes);
    expect(found.code).toBe('bad_onnx');
    expect(found.message).toMatch(pattern);
  });

  test('that is fine although a body uses names of its own', () => {
    const inner = body({ inputs: {}, outputs: { o: [1] }, nodes: [node('Relu', 'x', 'h'), node('Neg', 'h', 'o')] });
    const given = model({
      inputs: { x: [1], c: ['bool', []] },
      outputs: { y: [1] },
      nodes: [node('If', 'c', 'y', { then_branch: inner, else_branch: inner })],
    });
    expect(buildGraph(given).nodes[0]!.captures).toEqual(['x']);
  });
});
