import { describe, expect, test } from 'vitest';
import {
  averagePrecision,
  type Box,
  bestChoice,
  boxesOfMap,
  boxesOfRows,
  characterErrors,
  correctness,
  editDistance,
  estimate,
  makeSetting,
  matchBoxes,
  meanOf,
  overlap,
  pack,
  parseSetting,
  Reference,
  ranks,
  ratioOf,
  readLine,
  score,
} from '../../src/eval/index.js';

describe('bootstrap', () => {
  const items = Array.from({ length: 400 }, (_, i) => ({ x: i % 4 === 0 ? 1 : 0, w: 1 + (i % 3) }));

  test('is repeatable, brackets the value, and narrows with more items', () => {
    const share = meanOf<(typeof items)[number]>(({ x }) => x);
    const all = estimate(items, share);
    expect(all).toEqual(estimate(items, share));
    expect(all.value).toBe(0.25);
    // √(0.25 · 0.75 / 400) = 0.0217: the interval is about ± 1.96 of that.
    expect(all.high - all.low).toBeGreaterThan(0.07);
    expect(all.high - all.low).toBeLessThan(0.1);
    const few = estimate(items.slice(0, 40), share);
    expect(few.high - few.low).toBeGreaterThan(1.5 * (all.high - all.low));
  });

  test('leaves out what is unknown, and says NaN of nothing', () => {
    const share = meanOf<number>((x) => (x < 0 ? undefined : x));
    expect(estimate([1, 3, -1], share).value).toBe(2);
    expect(estimate([] as number[], share).value).toBeNaN();
    expect(estimate([-1, -2], share)).toEqual({ value: Number.NaN, low: Number.NaN, high: Number.NaN });
  });

  test('of a ratio weighs the items', () => {
    expect(
      ratioOf<(typeof items)[number]>(
        ({ x, w }) => x * w,
        ({ w }) => w,
      )(items),
    ).toBeCloseTo(0.25, 2);
  });
});

describe('classification', () => {
  test('ranks the label, the first of equals higher', () => {
    expect(ranks([0, 5, 5, 1, 1, 1, 1], 1)).toEqual({ top1: 1, top5: 1 });
    expect(ranks([0, 5, 5, 1, 1, 1, 1], 2)).toEqual({ top1: 0, top5: 1 });
    expect(ranks([0, 5, 5, 1, 1, 1, 1], 6)).toEqual({ top1: 0, top5: 0 });
    expect(() => ranks([1, 2], 2)).toThrow(RangeError);
  });
});

describe('language', () => {
  const item = { context: [7, 8], choices: [[1, 2], [3]], sizes: [2, 4], label: 0 };

  test('packs choices behind one context so that none sees another, nor another item', () => {
    const { ids, positions, mask, rows, targets, spans } = pack([item, { context: [9], choices: [[4]] }]);
    expect([...ids].map(Number)).toEqual([7, 8, 1, 2, 3, 9, 4]);
    expect([...positions].map(Number)).toEqual([0, 1, 2, 3, 2, 0, 1]);
    expect([...rows].map(Number)).toEqual([1, 2, 1, 5]);
    expect(targets).toEqual([1, 2, 3, 4]);
    expect(spans).toEqual([
      { token: 0, row: 0 },
      { token: 5, row: 3 },
      { token: 7, row: 4 },
    ]);
    const seen = Array.from({ length: 7 }, (_, row) =>
      [...mask.slice(7 * row, 7 * row + 7)].map((x) => (x === 0 ? 1 : 0)).join(''),
    );
    expect(seen).toEqual(['1000000', '1100000', '1110000', '1111000', '1100100', '0000010', '0000011']);
    expect(() => pack([{ context: [], choices: [[1]] }])).toThrow(/item 0/);
  });

  test('sums log-likelihoods, divides by size, and judges', () => {
    const half = Math.log(0.5);
    const targets = [
      { log: half, top: true },
      { log: half, top: true },
      { log: 3 * half, top: false },
    ];
    const scores = score(item, targets);
    expect(scores.choices).toEqual([2 * half, 3 * half]);
    expect(scores.greedy).toEqual([true, false]);
    expect(bestChoice(item, scores)).toBe(1);
    expect(bestChoice({ ...item, sizes: undefined }, scores)).toBe(0);
    expect(correctness(item, scores)).toBe(0);
    expect(correctness({ context: [1], choices: [[2, 3]] }, score({ context: [1], choices: [[2, 3]] }, targets))).toBe(
      1,
    );
    expect(() => score(item, targets.slice(1))).toThrow(RangeError);
  });

  test('reads targets from reference and other alike', () => {
    const logits = [0, 1, 2, 2, 1, 0];
    const reference = new Reference(logits, 3);
    const own = reference.targets([2, 1]);
    const { targets, kl } = reference.compare(logits, [2, 1]);
    expect(kl).toBeCloseTo(0, 12);
    for (const [i, { log, top }] of targets.entries()) {
      expect(log).toBeCloseTo(own[i].log, 12);
      expect(top).toBe(own[i].top);
    }
    expect(own.map(({ top }) => top)).toEqual([true, false]);
  });
});

describe('recognition', () => {
  test('reads lines without repeats and blanks', () => {
    const one = (c: number) => [0, 1, 2, 3].map((i) => (i === c ? 1 : 0));
    const scores = [1, 1, 0, 1, 2, 3, 3, 0].flatMap(one);
    expect(readLine(scores, ['', 'a', 'b', ' '])).toBe('aab');
    expect(() => readLine([1, 2, 3], ['', 'a'])).toThrow(RangeError);
  });

  test.each([
    ['', '', 0],
    ['abc', '', 3],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['naïve', 'naive', 1],
    ['a😀b', 'ab', 1],
  ])('counts the edits from %o to %o', (a, b, edits) => {
    expect(editDistance(a, b)).toBe(edits);
    expect(characterErrors(a, b)).toEqual({ edits, characters: [...b].length });
  });
});

describe('detection', () => {
  const box = (left: number, score = 0.9, kind = 0): Box => ({
    left,
    top: 0,
    right: left + 10,
    bottom: 10,
    score,
    kind,
  });

  test('measures overlap', () => {
    expect(overlap(box(0), box(0))).toBe(1);
    expect(overlap(box(0), box(5))).toBeCloseTo(50 / 150, 12);
    expect(overlap(box(0), box(10))).toBe(0);
  });

  test('gives 1 for the same boxes, 0 for none, less for shifted ones', () => {
    const boxes = [box(0), box(20, 0.8), box(40, 0.7, 1)];
    expect(averagePrecision([matchBoxes(boxes, boxes)])).toBe(1);
    expect(averagePrecision([matchBoxes(boxes, [])])).toBe(0);
    expect(averagePrecision([matchBoxes([], boxes)])).toBe(0);
    expect(averagePrecision([matchBoxes([], [])])).toBe(1);
    // Intersection over union 9 / 11 = 0.82: found at 7 of 10 overlaps.
    const shifted = boxes.map((b) => ({ ...b, left: b.left + 1, right: b.right + 1 }));
    expect(averagePrecision([matchBoxes(boxes, shifted)])).toBeCloseTo(0.7, 9);
    expect(averagePrecision([matchBoxes(boxes, shifted)], true)).toBe(1);
  });

  test('ranks over all images: a sure false box costs more than an unsure one', () => {
    const right = [box(0, 0.8)];
    const sure = averagePrecision([matchBoxes(right, [...right, box(50, 0.9)])], true);
    const unsure = averagePrecision([matchBoxes(right, [...right, box(50, 0.1)])], true);
    expect([sure, unsure]).toEqual([0.5, 1]);
  });

  test('finds connected areas of a map and reads rows', () => {
    const map = new Float32Array(12 * 8);
    for (const [x, y] of [
      [1, 1],
      [2, 1],
      [1, 2],
      [2, 2],
      [8, 4],
      [9, 4],
      [8, 5],
      [9, 5],
    ])
      map[12 * y + x] = x < 5 ? 0.9 : 0.5;
    const found = boxesOfMap(map, 12, 8, { pixels: 4 });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ left: 1, top: 1, right: 3, bottom: 3 });
    expect(found[0].score).toBeCloseTo(0.9, 6);
    expect(boxesOfRows([0, 0, 5, 5, 0.9, 2, 0, 0, 1, 1, 0.1, 0], 6)).toEqual([
      { left: 0, top: 0, right: 5, bottom: 5, score: 0.9, kind: 2 },
    ]);
    expect(() => boxesOfRows([1, 2, 3], 5)).toThrow(RangeError);
    expect(() => boxesOfMap([1, 2, 3], 2, 2)).toThrow(RangeError);
  });
});

describe('settings', () => {
  test.each([
    ['balanced', { budget: 'balanced' }],
    ['nrmse=0.2,effort=dense', { budget: { nrmse: 0.2 }, effort: 'dense' }],
    ['lossless', { budget: { lossless: true } }],
    [
      'keep=0.3, blocks=2,distortion=0.2,mode=slicer',
      { budget: { keep: 0.3, blocks: 2, distortion: 0.2 }, mode: 'slicer' },
    ],
  ])('%s', (text, options) => {
    expect(parseSetting(text).options).toEqual(options);
  });

  test.each([
    ['', /'' is unknown/],
    ['effort=dense', /no budget/],
    ['nrmse=0.1,step=2', /more than one budget/],
    ['balanced,nrmse=0.1', /more than one budget/],
    ['nrmse=small', /wants a number/],
    ['nrmse=-1', /nrmse is negative/],
    ['bestest', /'bestest' is unknown/],
    ['stream,adaptive', /needs step=/],
    ['stream,step=2,nrmse=1', /nothing a stream takes/],
  ])('refuse %o', (text, message) => {
    expect(() => parseSetting(text)).toThrow(message);
  });

  test('code: frames count their header, streams their setup, and both bring the values back', () => {
    const data = Float32Array.from({ length: 64 * 32 }, (_, i) => 10 * Math.sin(i * i));
    const tensor = { type: 'float32' as const, data, dims: [1, 64, 32] };
    for (const text of ['step=0.5', 'stream,step=0.5,adaptive,shape=2']) {
      const crossing = makeSetting(parseSetting(text)).code(tensor);
      const arrived = crossing.data as Float32Array;
      expect(arrived.length).toBe(data.length);
      expect(Math.max(...arrived.map((x, i) => Math.abs(x - data[i])))).toBeLessThanOrEqual(0.26);
      expect(crossing.bytes).toBeGreaterThan(100);
      expect(crossing.bytes).toBeLessThan(data.byteLength / 3);
    }
  });
});
