// The loop with a stand-in for the model; the model itself only where its weights are.
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CodedLink, PlainLink } from './link.mjs';
import { answer, firstDifference, spreadOf } from './loop.mjs';
import { summaryOf } from './report.mjs';
import { standIn } from './standin.mjs';

const PROMPT = [5, 17, 3, 99, 42, 8];
const FINE = { step: 0.05, trellis: true, adaptive: true };
const coded = (options, settings = FINE, model = standIn()) => {
  const link = new CodedLink(model.width, settings);
  return answer(model, link, PROMPT, { tokens: 24, memory: () => 0, ...options }).finally(() => link.free());
};
const plain = (options) => answer(standIn(), new PlainLink(), PROMPT, { tokens: 24, ...options });

describe('answering across a cut', () => {
  test('says the same as without a codec, in a fraction of the bytes', async () => {
    const [with_, without] = [await coded(), await plain()];
    expect(with_.exit).toBe('tokens');
    expect(with_.ids).toEqual(without.ids);
    expect(new Set(with_.ids).size).toBeGreaterThan(5);
    expect(without.steps[1].bytes).toBe(4 * 48);
    expect(with_.steps.map(({ rows }) => rows)).toEqual([6, ...Array(23).fill(1)]);
    const { mean, p5, p95, count } = spreadOf(with_.steps.slice(1).map(({ bytes }) => bytes));
    expect(count).toBe(23);
    expect(mean).toBeLessThan(4 * 48 * 0.4);
    expect(p5).toBeLessThanOrEqual(mean);
    expect(p95).toBeGreaterThanOrEqual(mean);
    expect(with_.bytes).toBe(with_.setupBytes + with_.steps.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  test('one that knows nothing of the rows of the prompt says something else', async () => {
    const model = standIn();
    const link = new PlainLink();
    link.decode = (body) => new Float32Array(body.length / 4);
    expect(firstDifference((await answer(model, link, PROMPT, { tokens: 24 })).ids, (await plain()).ids)).not.toBe(-1);
  });

  test('classes that adapt save bytes where channels differ', async () => {
    const sizeOf = (run) => run.bytes - run.setupBytes - run.steps[0].bytes;
    const still = await coded({}, { ...FINE, adaptive: false });
    expect(sizeOf(await coded())).toBeLessThan(sizeOf(still));
  });

  test('a cap holds for every token', async () => {
    const run = await coded({}, { ...FINE, cap: 30 });
    for (const { bytes } of run.steps.slice(1)) expect(bytes).toBeLessThanOrEqual(30);
  });
});

describe('exits', () => {
  test('before the body that would break the byte limit', async () => {
    const all = await coded();
    const maxBytes = all.setupBytes + all.steps.slice(0, 8).reduce((sum, { bytes }) => sum + bytes, 0);
    const run = await coded({ maxBytes });
    expect(run).toMatchObject({ exit: 'bytes', bytes: maxBytes });
    expect(run.ids).toEqual(all.ids.slice(0, 8));
    expect((await coded({ maxBytes: 10 })).ids).toEqual([]);
  });

  test('behind a token that took too long, whatever the prefill took', async () => {
    let [now, calls] = [0, 0];
    // Five readings a step; the fourth step is slow.
    const clock = () => {
      now += calls < 5 ? 100 : calls >= 15 && calls < 20 ? 50 : 1;
      calls++;
      return now;
    };
    const run = await coded({ maxMs: 20, clock });
    expect(run).toMatchObject({ exit: 'latency' });
    expect(run.ids).toHaveLength(4);
    expect(run.steps[3].ms).toBeGreaterThan(20);
  });

  test('when the process holds too much', async () => {
    let held = 0;
    expect(await coded({ maxMemory: 5, memory: () => held++ })).toMatchObject({ exit: 'memory', ids: { length: 7 } });
  });

  test('when the model ends', async () => {
    const { ids } = await coded();
    const end = ids[9];
    const run = await coded({}, FINE, standIn({ end }));
    expect(run.exit).toBe('end');
    expect(run.ids).toEqual(ids.slice(0, ids.indexOf(end) + 1));
  });
});

describe('losses and ways back', () => {
  test.each([0, 1, 7])('after the loss of body %i, both ends agree again', async (drop) => {
    const run = await coded({ drop });
    const { lost, bytes, agrees } = run.steps[drop];
    expect(agrees).toBe(true);
    expect(lost).toBeGreaterThan(0);
    expect(run.steps.filter((step) => step.lost !== undefined)).toHaveLength(1);
    expect(run.ids).toEqual((await plain()).ids);
    expect(run.bytes - run.setupBytes).toBe(lost + run.steps.reduce((sum, step) => sum + step.bytes, 0));
    expect(run.steps[drop].sent).toBe(lost + bytes);
  });

  test('without a fresh body, what follows a loss is wrong', async () => {
    const model = standIn();
    const rows = await model.head.run(PROMPT);
    const link = new CodedLink(model.width, FINE);
    const [first, second] = [rows.slice(0, model.width), rows.slice(model.width, 2 * model.width)];
    const [lost, next] = [link.encode(first), link.encode(second)];
    expect(lost.length).toBeGreaterThan(0);
    expect(link.agrees()).toBe(false);
    let received;
    try {
      received = link.decode(next);
    } catch (error) {
      received = error;
    }
    const error = received instanceof Error ? Infinity : Math.max(...received.map((x, i) => Math.abs(x - second[i])));
    expect(error).toBeGreaterThan(1);
    const again = link.encodeAnew(second);
    const close = link.decode(again).map((x, i) => Math.abs(x - second[i]));
    expect(Math.max(...close)).toBeLessThan(0.1);
    expect(link.agrees()).toBe(true);
    link.free();
  });

  test.each([
    [0, 3],
    [1, 1],
    [6, 5],
  ])('going back to body %i after %i more gives the same bodies and tokens', async (at, steps) => {
    const straight = await coded();
    const run = await coded({ rollback: { at, steps } });
    expect(run.rollback).toMatchObject({ at, steps, equal: true });
    expect(run.rollback.discardedIds).toEqual(run.ids.slice(at, at + steps));
    expect(run.ids).toEqual(straight.ids);
    expect(run.steps.map(({ bytes }) => bytes)).toEqual(straight.steps.map(({ bytes }) => bytes));
    const twice = run.rollback.discarded.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(run.bytes).toBe(straight.bytes + twice);
  });

  test('a summary says all of it', async () => {
    const run = await coded({ drop: 2, rollback: { at: 5, steps: 2 } });
    const summary = summaryOf(run, { promptIds: PROMPT, width: 48, firstTokenBytes: 20 });
    expect(summary).toMatchObject({ exit: 'tokens', answerTokens: 24, losses: [{ body: 2, agrees: true }] });
    expect(summary.rollback).toMatchObject({ sameBodiesAgain: true, sameTokensAgain: true });
    expect(summary.bytesPerToken.count).toBe(23);
  });
});

describe('the program', () => {
  const main = fileURLToPath(new URL('main.mjs', import.meta.url));
  const run = (...args) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });

  test('says how to get the weights', { timeout: 30_000 }, () => {
    const { status, stderr } = run('--models', `${tmpdir()}/no-such-folder`);
    expect(status).toBe(1);
    expect(stderr).toContain('node bench/models/export.mjs smollm2_head_8\n');
    expect(stderr).toContain('node bench/models/export.mjs smollm2_tail_8\n');
  });

  test.each([
    ['--after', '30'],
    ['--tokens', 'many'],
    ['--step', '0'],
    ['--rollback', '3,x'],
    ['--nonsense', '1'],
  ])('refuses %s %s', { timeout: 30_000 }, (...args) => {
    expect(run(...args).status).toBe(2);
  });

  test('refuses a loss within what is repeated', { timeout: 30_000 }, () => {
    expect(run('--drop', '4', '--rollback', '3,3').status).toBe(2);
  });
});
