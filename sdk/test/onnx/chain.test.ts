import { describe, expect, test } from 'vitest';
import { buildGraph, cut, cutChain, loadRuntime, readModel, verifyParts, writeModel } from '../../src/onnx/index.js';
import { model, node, reshaped, residual, weight } from './graphs.js';

const runtime = await loadRuntime().catch(() => undefined);

const refusal = (run: () => unknown): { code: string; message: string; advice: string } => {
  try {
    run();
  } catch (error) {
    return error as ReturnType<typeof refusal>;
  }
  throw new Error('was accepted');
};

/** Two towers that meet in one output: no single tensor is a cut. */
const towers = () =>
  model({
    inputs: { x: ['N', 4], m: ['N', 4] },
    outputs: { y: ['N', 3] },
    nodes: [
      node('MatMul', 'x w', 'a'),
      node('Relu', 'a', 'b'),
      node('Add', 'b m', 'c'),
      node('Mul', 'c m', 'd'),
      node('MatMul', 'd v', 'y'),
    ],
    weights: [weight('w', [4, 4]), weight('v', [4, 3])],
  });

const ends = (bytes: Uint8Array) => {
  const { inputs, outputs } = buildGraph(readModel(bytes));
  return { inputs, outputs };
};

describe('several tensors that cross together', () => {
  test('an input may be one of them: it is no output of the head', () => {
    const { head, tail, tensors } = cut(towers(), ['b', 'm']);
    expect(ends(head)).toEqual({ inputs: ['x'], outputs: ['b'] });
    expect(ends(tail)).toEqual({ inputs: ['b', 'm'], outputs: ['y'] });
    expect(tensors.map((one) => one.name)).toEqual(['b', 'm']);
  });

  test('a skip connection crosses beside what it skips', () => {
    const { head, tail } = cut(residual(), ['a', 'inner']);
    expect(ends(head)).toEqual({ inputs: ['x'], outputs: ['a', 'inner'] });
    expect(ends(tail)).toEqual({ inputs: ['a', 'inner'], outputs: ['y'] });
  });

  test.each([
    [['b'], 'not_a_cut', /the path m → .* goes round it/],
    [['x', 'm'], 'not_a_cut', /the head would be empty/],
    [['d', 'b'], 'not_a_cut', /'b' is not read behind the cut: 'd' suffices/],
    [['b', 'b'], 'invalid_option', /named twice/],
    [[], 'invalid_option', /needs the name/],
  ])('%j is refused', (names, code, pattern) => {
    const found = refusal(() => cut(towers(), names));
    expect(found.code).toBe(code);
    expect(found.message).toMatch(pattern);
  });
});

describe('a chain', () => {
  test('has one part more than cuts', () => {
    const { cuts, parts } = cutChain(buildGraph(residual()), [['a'], ['sum'], ['b']]);
    expect(cuts.map((tensors) => tensors.map((one) => one.name))).toEqual([['a'], ['sum'], ['b']]);
    expect(parts.map((part) => [part.inputs, part.outputs])).toEqual([
      [['x'], ['a']],
      [['a'], ['sum']],
      [['sum'], ['b']],
      [['b'], ['y']],
    ]);
  });

  test('out of order is refused', () => {
    const found = refusal(() => cutChain(buildGraph(residual()), [['sum'], ['a']]));
    expect(found).toMatchObject({ code: 'not_a_cut' });
    expect(found.message).toContain("'a' does not lie behind the cut at 'sum'");
  });

  test('carries a shape past the parts that do not need it', () => {
    const { cuts, parts } = cutChain(buildGraph(reshaped()), [['d'], ['e']]);
    expect(cuts.map((tensors) => tensors.map((one) => one.name))).toEqual([
      ['d', 'sizes'],
      ['e', 'sizes'],
    ]);
    expect(parts.map((part) => [part.inputs, part.outputs])).toEqual([
      [['x'], ['d', 'sizes']],
      [['d'], ['e']],
      [['e', 'sizes'], ['y']],
    ]);
  });

  test.skipIf(!runtime)('gives what the whole model gives', async () => {
    for (const [make, groups] of [
      [residual, [['a', 'inner'], ['sum'], ['b']]],
      [towers, [['a', 'm'], ['c', 'm'], ['d']]],
      [reshaped, [['c'], ['d'], ['e']]],
    ] as const) {
      const { parts } = cutChain(buildGraph(make()), groups);
      const bytes = parts.map((part) => writeModel(part.model));
      const found = await verifyParts(writeModel(make()), bytes, groups.flat());
      expect(found).toMatchObject({ ok: true, maxDifference: 0 });
    }
  });
});
