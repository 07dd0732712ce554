import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  classificationTask,
  type EvalItem,
  type EvalPart,
  evaluate,
  Journal,
  languageTask,
  loadManifest,
  makeSetting,
  markdownPage,
  parseSetting,
  summarise,
} from '../../src/eval/index.js';

const folder = mkdtempSync(join(tmpdir(), 'slicer-eval-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CLASSES = 8;
/** A head that stretches its input, a tail that adds up: no runtime needed. */
let runs = 0;
const head: EvalPart = {
  inputs: [{ name: 'x' }],
  async run({ x }) {
    runs++;
    const data = Float32Array.from({ length: 256 }, (_, i) => 3 * Math.sin((i + 1) * x.data[i % x.data.length]));
    return { h: { type: 'float32', data, dims: [1, 256] } };
  },
};
const tail: EvalPart = {
  inputs: [{ name: 'h' }],
  async run({ h }) {
    const logits = new Float32Array(CLASSES);
    for (let i = 0; i < h.data.length; i++) logits[i % CLASSES] += h.data[i] / 4;
    return { logits: { type: 'float32', data: logits, dims: [1, CLASSES] } };
  },
};
const items: EvalItem[] = Array.from({ length: 20 }, (_, n) => ({
  key: `item ${n}`,
  load: async () => ({
    passes: [{ x: { type: 'float32', data: Float32Array.from([n + 1, n / 7, 2]), dims: [1, 3] } }],
    truth: n % CLASSES,
    forms: async () => [{ label: 'the input as it is', bytes: 12 }],
  }),
}));
const settings = ['lossless', 'nrmse=0.02', 'nrmse=0.5'].map((text) => makeSetting(parseSetting(text)));
const common = { head, tail, crossing: ['h'], task: classificationTask(), items, settings, scope: 'test' };

describe('evaluate', () => {
  test('measures what each setting costs, with intervals and paired losses', async () => {
    const task = classificationTask();
    const records = await evaluate({ ...common, journal: new Journal() });
    const { rows, rawBytes, items: count } = summarise(task, records, settings);
    expect([rawBytes, count]).toEqual([1024, 20]);
    expect(rows.map(({ kind }) => kind)).toEqual(['unsplit', 'codec', 'codec', 'codec', 'input']);
    const [unsplit, lossless, fine, coarse, input] = rows;
    expect(unsplit.figures.kl.value).toBe(0);
    expect(lossless.figures).toMatchObject({ kl: { value: 0 }, agreement: { value: 1 } });
    expect(lossless.loss.top1).toEqual({ value: 0, low: 0, high: 0 });
    expect(fine.figures.kl.value).toBeLessThan(coarse.figures.kl.value);
    expect(fine.bytes.value).toBeGreaterThan(coarse.bytes.value);
    expect(coarse.ratio).toBeCloseTo(1024 / coarse.bytes.value, 9);
    expect(coarse.figures.kl.low).toBeLessThan(coarse.figures.kl.value);
    expect(input).toMatchObject({ bytes: { value: 12 }, figures: { kl: { value: 0 } } });
    const page = markdownPage('a page', task, summarise(task, records, settings));
    expect(page).toContain('| nrmse=0.5 |');
    expect(page).toContain('loss of top-1, pp');
  });

  test('goes on where it was stopped, also in the middle of a line, and adds new settings', async () => {
    const path = join(folder, 'run.jsonl');
    await evaluate({ ...common, items: items.slice(0, 7), settings: settings.slice(0, 1), journal: new Journal(path) });
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -40));
    runs = 0;
    const again = await evaluate({
      ...common,
      items: items.slice(0, 8),
      settings: settings.slice(0, 1),
      journal: new Journal(path),
    });
    // The item whose line was cut off, and the new one.
    expect(runs).toBe(2);
    expect(again).toHaveLength(8);
    runs = 0;
    const more = await evaluate({ ...common, items: items.slice(0, 8), settings, journal: new Journal(path) });
    expect(runs).toBe(8);
    expect(Object.keys(more[0].settings)).toEqual(['lossless', 'nrmse=0.02', 'nrmse=0.5']);
    runs = 0;
    expect(await evaluate({ ...common, items: items.slice(0, 8), journal: new Journal(path) })).toEqual(more);
    expect(runs).toBe(0);
  });
});

describe('manifests', () => {
  const text = new TextEncoder();
  const files = (table: Record<string, string>) => ({
    bytes: async (path: string) => text.encode(table[path] ?? ''),
    array: async () => ({ type: 'float32', data: Float32Array.from([1, 2, 3]), dims: [1, 3] }),
    mark: async (path: string) => path,
  });

  test('of classes: a list, a table of labels, a file by input', async () => {
    const table = { 'labels.json': '{ "b.npy": 1, "a.npy": 0 }' };
    const { items: own, task } = await loadManifest(
      { task: 'classification', items: 'labels.json' },
      ['x'],
      files(table),
    );
    expect([task.name, own.length]).toEqual(['classification', 2]);
    const { passes, truth } = await own[0].load();
    expect([Object.keys(passes[0]), truth]).toEqual([['x'], 0]);
    const two = { task: 'classification', items: [{ files: { x: 'a.npy', y: 'b.npy' }, label: 1 }] };
    const loaded = await (await loadManifest(two, ['x', 'y'], files({}))).items[0].load();
    expect(Object.keys(loaded.passes[0])).toEqual(['x', 'y']);
  });

  test('of texts: a pass a choice, or one for a model with a mask; and a row of ids', async () => {
    const lines = '{"context":[1,2],"choices":[[3],[4,5]],"label":1}\n\n';
    const manifest = { task: 'language', items: 'items.jsonl' };
    const rows = await loadManifest(manifest, ['input_ids', 'attention_mask'], files({ 'items.jsonl': lines }));
    const item = await rows.items[0].load();
    expect(item.passes.map((pass) => [...(pass.input_ids.data as BigInt64Array)].map(Number))).toEqual([
      [1, 2, 3],
      [1, 2, 4, 5],
    ]);
    expect(await item.forms?.()).toEqual([{ label: 'the token ids', bytes: 10 }]);
    const packed = await loadManifest(
      manifest,
      ['input_ids', 'positions', 'mask', 'rows'],
      files({ 'items.jsonl': lines }),
    );
    expect((await packed.items[0].load()).passes).toHaveLength(1);
    // A model of two words that copies: the answer to every token is its successor's parity.
    const logits = (n: number) => ({
      logits: { data: Float32Array.from({ length: n * 6 }, (_, i) => Math.sin(i)), dims: [1, n, 6] },
    });
    const answer = [logits(3), logits(4)];
    const figures = languageTask().prepare(answer, { truth: JSON.parse(lines) })(answer);
    expect(figures).toMatchObject({ agreement: 1, sameChoice: 1, positions: 2 });
    expect(figures.kl).toBeCloseTo(0, 12);
  });

  test.each([
    [[], /task is 'undefined'/],
    [{ task: 'poetry' }, /task is 'poetry'/],
    [{ task: 'classification' }, /items is neither/],
    [{ task: 'classification', items: [] }, /items is empty/],
    [{ task: 'classification', items: [{}] }, /items\[0\] names no file/],
    [{ task: 'classification', items: [{ file: 'a.npy', label: 'cat' }] }, /items\[0\]\.label is 'cat'/],
    [{ task: 'classification', input: 'z', items: [{ file: 'a.npy' }] }, /the input 'z'; the model has x/],
    [{ task: 'classification', items: 'broken.json' }, /broken\.json cannot be read/],
    [{ task: 'recognition', items: [{ file: 'a.npy' }] }, /needs an alphabet/],
    [{ task: 'detection', items: [{ file: 'a.npy' }] }, /needs boxes/],
    [{ task: 'language', items: [{ context: [], choices: [[1]] }] }, /items\[0\]\.context/],
    [{ task: 'language', items: [{ context: [1], choices: [] }] }, /items\[0\]\.choices/],
    [{ task: 'language', items: [{ context: [1], choices: [[1]], label: 3 }] }, /items\[0\]\.label is 3/],
    [{ task: 'language', items: [{ context: [1], choices: [[1]] }] }, /takes no token ids/],
    [{ task: 'classification', image: { width: 0, height: 4 }, items: [{ file: 'a.png' }] }, /image\.width/],
  ])('refuse %o', async (manifest, message) => {
    await expect(loadManifest(manifest, ['x'], files({ 'broken.json': '{' }))).rejects.toThrow(message);
    await expect(loadManifest(manifest, ['x'], files({ 'broken.json': '{' }))).rejects.toMatchObject({
      code: 'bad_manifest',
    });
  });
});
