/** Workers that encode and decode: what comes back is what the synchronous calls give, errors included. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { SlicerError } from '../../dist/esm/codec/public.js';
import { decode, encode } from '../../dist/esm/entry/index.js';
import { createPool as pagePool } from '../../dist/esm/pool/index.js';
import { createPool, type EncodeOptions, type Pool, type PoolOptions, type Tensor } from '../../dist/esm/pool/node.js';
import { createPool as workerdPool } from '../../dist/esm/pool/workerd.js';

const pools: Pool[] = [];
const open = (options?: PoolOptions) => {
  const pool = createPool(options);
  pools.push(pool);
  return pool;
};
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

const program = new URL('../../dist/esm/pool/worker-node.js', import.meta.url);
/** Workers whose messages are noted. */
function noted() {
  const sent: { deliveries: { number: number }[] }[] = [];
  const workers: Worker[] = [];
  const worker = () => {
    const made = new Worker(program);
    const post = made.postMessage.bind(made);
    made.postMessage = (message, transfer) => {
      sent.push(message);
      post(message, transfer);
    };
    workers.push(made);
    return made;
  };
  return { sent, workers, worker };
}

function tensor(seed = 1, dims = [1, 8, 12, 10]): Tensor & { data: Float32Array } {
  const size = dims.reduce((a, b) => a * b, 1);
  return { type: 'float32', data: Float32Array.from({ length: size }, (_, i) => Math.sin(i / 7 + seed) * seed), dims };
}

/** What a call comes to, errors as plain values. */
async function outcome(action: () => unknown): Promise<unknown> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof SlicerError)) throw error;
    const { code, message, offset, advice } = error;
    return { code, message, offset, advice };
  }
}

const vector = (path: string) =>
  new Uint8Array(readFileSync(new URL(`../../../conformance/vectors/${path}`, import.meta.url)));

describe('the same as without', () => {
  test('frames and reports', async () => {
    const pool = open({ size: 2 });
    const tensors: Tensor[] = [
      tensor(),
      tensor(2, [30, 40]),
      { type: 'int8', data: Int8Array.from({ length: 99 }, (_, i) => i), dims: [99] },
      { type: 'bfloat16', data: Uint16Array.from({ length: 64 }, (_, i) => i * 300), dims: [8, 8] },
      { type: 'float32', data: new Float32Array(0), dims: [0, 3] },
    ];
    const options: EncodeOptions[] = [
      { budget: 'balanced' },
      { budget: { lossless: true } },
      { budget: { step: 0.5 }, effort: 'fast', report: false, granularity: 'row' },
      { budget: { nrmse: 0.01 }, effort: 'dense', layout: 'rows' },
    ];
    const pairs = tensors.flatMap((t) => options.map((o) => [t, o] as const));
    const results = await Promise.all(pairs.map(([t, o]) => pool.encodeAsync(t, o)));
    for (const [i, [t, o]] of pairs.entries()) {
      const { bytes, report } = encode(t, o);
      expect(results[i].bytes).toEqual(bytes);
      expect({ ...results[i].report, microseconds: 0 }).toEqual({ ...report, microseconds: 0 });
      expect(await pool.decodeAsync(bytes)).toEqual(decode(bytes));
      expect(await pool.decodeAsync(bytes.slice().buffer)).toEqual(decode(bytes));
    }
    expect(pool.pending).toBe(0);
  });

  test('errors', async () => {
    const pool = open({ size: 1 });
    const good = encode(tensor(), { budget: 'small' }).bytes;
    const changed = (at: number) => good.map((byte, i) => (i === at ? byte ^ 1 : byte));
    const frames = [
      new Uint8Array([1, 2, 3, 4]),
      good.subarray(0, 20),
      changed(4),
      changed(good.length - 9),
      new Uint8Array(),
    ];
    for (const bytes of frames) {
      expect(await outcome(() => pool.decodeAsync(bytes))).toEqual(await outcome(() => decode(bytes)));
    }
    for (const limits of [{ maxBytes: 10 }, { maxWork: 1 }, { maxBytes: -1 }, { maxByte: 1 } as object]) {
      expect(await outcome(() => pool.decodeAsync(good, limits))).toEqual(await outcome(() => decode(good, limits)));
    }
    expect(await outcome(() => pool.decodeAsync('x' as never))).toEqual(await outcome(() => decode('x' as never)));
    const bad: [unknown, unknown][] = [
      [tensor(), undefined],
      [tensor(), { budget: { bytes: 3 } }],
      [tensor(), { budget: 'tiny' }],
      [tensor(), { budget: 'small', color: 1 }],
      [tensor(), { budget: () => 1 }],
      [{ ...tensor(), dims: [3] }, { budget: 'small' }],
      [{ ...tensor(), type: 'int8' }, { budget: 'small' }],
      [{ ...tensor(), data: tensor().data.fill(Number.NaN) }, { budget: 'small' }],
      [tensor(), { budget: 'small', profile: new Uint8Array([1, 2, 3]) }],
      [tensor(), { budget: 'small', profile: 'x' }],
    ];
    for (const [t, o] of bad) {
      const expected = await outcome(() => encode(t as Tensor, o as EncodeOptions));
      expect(expected).toHaveProperty('code');
      expect(await outcome(() => pool.encodeAsync(t as Tensor, o as EncodeOptions))).toEqual(expected);
    }
  });

  test('profiles, which travel once to a worker', async () => {
    const { sent, worker } = noted();
    const pool = open({ size: 1, worker });
    const [frame, profile] = [vector('must-read/profile-classes.slcf'), vector('profiles/full.slcp')];
    const expected = decode(frame, { profiles: [profile] });
    for (const given of [profile, profile, profile.slice()]) {
      expect(await pool.decodeAsync(frame, { profiles: [given] })).toEqual(expected);
    }
    expect(sent.map(({ deliveries }) => deliveries.length)).toEqual([1, 0, 0]);
    // What a worker has been given for one call is not there for another.
    await expect(pool.decodeAsync(frame)).rejects.toMatchObject({ code: 'unknown_profile' });
    const source = decode(frame, { profiles: [profile] });
    const options: EncodeOptions = { budget: { step: 0.5 }, profile };
    expect((await pool.encodeAsync(source, options)).bytes).toEqual(encode(source, options).bytes);
    expect(sent.at(-1)?.deliveries).toEqual([]);
  });

  test('CommonJS', async () => {
    const require = createRequire(import.meta.url);
    const pool: Pool = require('slicer-codec/pool').createPool({ size: 1 });
    const { bytes } = await pool.encodeAsync(tensor(), { budget: 'small' });
    expect(bytes).toEqual(encode(tensor(), { budget: 'small' }).bytes);
    await expect(pool.decodeAsync(bytes.subarray(1))).rejects.toBeInstanceOf(require('slicer-codec').SlicerError);
    await pool.close();
  });
});

describe('buffers', () => {
  test('are copied unless they may be given away', async () => {
    const pool = open({ size: 1 });
    const kept = tensor();
    const job = pool.encodeAsync(kept, { budget: 'small' });
    kept.data.fill(0);
    expect((await job).bytes).toEqual(encode(tensor(), { budget: 'small' }).bytes);
    expect(kept.data.length).toBe(960);
    const given = tensor();
    const { bytes } = await pool.encodeAsync(given, { budget: 'small' }, { transfer: true });
    expect(given.data.length).toBe(0);
    // A part of a buffer stays where it is: the rest is not the job's.
    const part = Uint8Array.from([9, ...bytes]).subarray(1);
    expect(await pool.decodeAsync(part, {}, { transfer: true })).toEqual(decode(part));
    expect(part.length).toBe(bytes.length);
    const shared = new Float32Array(new SharedArrayBuffer(4 * 960));
    shared.set(tensor().data);
    const fromShared = await pool.encodeAsync({ ...tensor(), data: shared }, { budget: 'small' }, { transfer: true });
    expect(fromShared.bytes).toEqual(bytes);
    expect(await pool.decodeAsync(bytes, {}, { transfer: true })).toEqual(decode(part));
    expect(bytes.length).toBe(0);
  });
});

describe('workers', () => {
  test('start when there is work, no more than there may be, and answer in any order', async () => {
    const { workers, worker } = noted();
    const pool = open({ size: 2, worker });
    expect([pool.size, workers.length]).toEqual([2, 0]);
    await pool.encodeAsync(tensor(), { budget: 'small' });
    expect(workers.length).toBe(1);
    const jobs = Array.from({ length: 9 }, (_, i) => pool.encodeAsync(tensor(i + 1), { budget: 'small' }));
    await Promise.resolve();
    expect(pool.pending).toBe(9);
    await Promise.all(jobs);
    expect([workers.length, pool.pending]).toEqual([2, 0]);
  });

  test('that end are replaced; their job is rejected', async () => {
    let started = 0;
    const failing = [
      'process.exit(3)',
      "require('node:worker_threads').parentPort.on('message', () => { throw new Error('no memory, say'); })",
      "throw new Error('no such script')",
    ];
    const pool = open({
      size: 1,
      worker: () => (started < failing.length ? new Worker(failing[started++], { eval: true }) : new Worker(program)),
    });
    for (const text of [/exited with 3/, /no memory, say/, /no such script/]) {
      await expect(pool.encodeAsync(tensor(), { budget: 'small' })).rejects.toMatchObject({
        code: 'worker_failed',
        message: expect.stringMatching(text),
      });
    }
    expect((await pool.encodeAsync(tensor(), { budget: 'small' })).bytes.length).toBeGreaterThan(0);
    const none = open({
      worker: () => {
        throw new TypeError('not here');
      },
    });
    await expect(none.decodeAsync(new Uint8Array(4))).rejects.toMatchObject({
      code: 'worker_failed',
      message: expect.stringMatching(/not here/),
    });
  });

  test('may say more than they are asked', async () => {
    const words = `import '${program}'; import { parentPort } from 'node:worker_threads';
      for (const word of ['ready', 7, null, { hello: 1 }]) parentPort.postMessage(word);`;
    const script = new URL(`data:text/javascript,${encodeURIComponent(words)}`);
    const pool = open({ size: 1, worker: () => new Worker(script) });
    const jobs = [1, 2, 3].map((seed) => pool.encodeAsync(tensor(seed), { budget: 'small' }));
    for (const [i, { bytes }] of (await Promise.all(jobs)).entries()) {
      expect(bytes).toEqual(encode(tensor(i + 1), { budget: 'small' }).bytes);
    }
  });

  test('without work do not keep a process from ending', () => {
    const code = `import { createPool } from '${new URL('../../dist/esm/pool/node.js', import.meta.url)}';
      const data = new Float32Array(64);
      const { bytes } = await createPool({ size: 1 }).encodeAsync({ type: 'float32', data, dims: [64] }, { budget: 'small' });
      console.log(bytes.length);`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(Number(output)).toBeGreaterThan(0);
  });
});

describe('jobs that are given up', () => {
  const slow: EncodeOptions = { budget: { nrmse: 0.01 }, effort: 'dense' };

  test('before, while they wait, and in a worker', async () => {
    const { sent, workers, worker } = noted();
    const pool = open({ size: 1, worker });
    const reason = new Error('enough');
    await expect(pool.encodeAsync(tensor(), { budget: 'small' }, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const [running, waiting] = [new AbortController(), new AbortController()];
    const long = pool.encodeAsync(tensor(1, [1, 64, 128, 128]), slow, { signal: running.signal });
    const queued = pool.encodeAsync(tensor(), { budget: 'small' }, { signal: waiting.signal });
    const last = pool.encodeAsync(tensor(), { budget: 'small' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(pool.pending).toBe(3);
    waiting.abort();
    await expect(queued).rejects.toMatchObject({ name: 'AbortError' });
    expect(pool.pending).toBe(2);
    running.abort(reason);
    await expect(long).rejects.toBe(reason);
    // The worker did not come to an end in time, so that another took over.
    expect((await last).bytes).toEqual(encode(tensor(), { budget: 'small' }).bytes);
    expect([workers.length, sent.length]).toEqual([2, 2]);
  });

  test('when the pool is closed', async () => {
    const pool = open({ size: 1 });
    const jobs = [pool.encodeAsync(tensor(1, [1, 64, 128, 128]), slow), pool.encodeAsync(tensor(), slow)];
    const ends = Promise.allSettled(jobs);
    await Promise.resolve();
    await Promise.all([pool.close(), pool.close()]);
    for (const end of await ends) {
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'pool_closed' } });
    }
    expect(pool.pending).toBe(0);
    await expect(pool.decodeAsync(new Uint8Array(4))).rejects.toMatchObject({ code: 'pool_closed' });
  });
});

test('what is no option is refused, and hosts without workers say so', async () => {
  const code = (value: string) => expect.objectContaining({ code: value });
  for (const options of [{ size: 0 }, { size: 1.5 }, { size: 1000 }, { workers: 2 }, { worker: 3 }, null]) {
    expect(() => createPool(options as PoolOptions)).toThrow(code('invalid_option'));
  }
  const pool = open({ size: 1 });
  await expect(pool.decodeAsync(new Uint8Array(4), {}, { transfers: true } as never)).rejects.toMatchObject({
    code: 'invalid_option',
  });
  expect(() => pagePool()).toThrow(code('no_workers'));
  expect(() => workerdPool()).toThrow(code('no_workers'));
});
