/** Pools at their edges: workers that come late or not at all, many profiles, options from prototypes, buffers that are gone. */
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { decode, encode } from '../../dist/esm/entry/index.js';
import {
  createPool,
  type EncodeOptions,
  type Pool,
  type PoolOptions,
  type Tensor,
  type WorkerLike,
} from '../../dist/esm/pool/node.js';
import { Held, Shelf } from '../../dist/esm/pool/profiles.js';
import { serve } from '../../dist/esm/pool/serve.js';

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
const tick = () => new Promise((resolve) => setTimeout(resolve));

function tensor(seed = 1): Tensor & { data: Float32Array } {
  return {
    type: 'float32',
    data: Float32Array.from({ length: 600 }, (_, i) => Math.sin(i / 7 + seed)),
    dims: [6, 100],
  };
}
const small: EncodeOptions = { budget: 'small' };
const vector = (path: string) =>
  new Uint8Array(readFileSync(new URL(`../../../conformance/vectors/${path}`, import.meta.url)));

/** A worker of a page that says nothing, and counts what it is told. */
class Silent implements WorkerLike {
  posted = 0;
  terminated = 0;

  postMessage(): void {
    this.posted += 1;
  }

  terminate(): unknown {
    this.terminated += 1;
    return undefined;
  }

  addEventListener(): void {}
}

describe('workers that come later', () => {
  test('serve as others do', async () => {
    const worker = async () => {
      await tick();
      return new Worker(program);
    };
    const pool = open({ size: 2, worker });
    const jobs = [1, 2, 3, 4, 5].map((seed) => pool.encodeAsync(tensor(seed), small));
    for (const [i, { bytes }] of (await Promise.all(jobs)).entries()) {
      expect(bytes).toEqual(encode(tensor(i + 1), small).bytes);
    }
  });

  test('are ended when the pool was closed before', async () => {
    const silent = new Silent();
    let come: (worker: WorkerLike) => void = () => {};
    const worker = () => new Promise<WorkerLike>((resolve) => (come = resolve));
    const pool = open({ size: 1, worker });
    const job = pool.encodeAsync(tensor(), small);
    const waiting = pool.encodeAsync(tensor(), small);
    const ends = Promise.allSettled([job, waiting]);
    await tick();
    await pool.close();
    for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'pool_closed' } });
    come(silent);
    await tick();
    expect([silent.posted, silent.terminated]).toEqual([0, 1]);
  });

  test('are ended when their job was given up long before', async () => {
    const silent = new Silent();
    let come: (worker: WorkerLike) => void = () => {};
    let started = 0;
    const worker = () => {
      started += 1;
      return started > 1 ? new Worker(program) : new Promise<WorkerLike>((resolve) => (come = resolve));
    };
    const pool = open({ size: 1, worker });
    const abort = new AbortController();
    const job = pool.encodeAsync(tensor(), small, { signal: abort.signal });
    const next = pool.encodeAsync(tensor(), small);
    abort.abort(new Error('enough'));
    await expect(job).rejects.toThrow('enough');
    // The place is taken over after the time of grace.
    expect((await next).bytes).toEqual(encode(tensor(), small).bytes);
    come(silent);
    await tick();
    expect([silent.posted, silent.terminated]).toEqual([0, 1]);
  });

  test('or do not come cost their job and nothing else', async () => {
    const silent = new Silent();
    const half = { terminate: () => silent.terminate() };
    const made = [
      () => Promise.reject(new Error('no such place')),
      async () => half,
      async () => undefined,
      () => half,
      () => 7,
    ];
    const pool = open({ size: 1, worker: () => (made.shift()?.() ?? new Worker(program)) as Worker });
    const jobs = await Promise.allSettled([1, 2, 3, 4, 5, 6].map(() => pool.encodeAsync(tensor(), small)));
    const failed = (text: RegExp) => ({ reason: { code: 'worker_failed', message: expect.stringMatching(text) } });
    expect(jobs[0]).toMatchObject(failed(/no such place/));
    for (const job of jobs.slice(1, 5)) expect(job).toMatchObject(failed(/something else than a worker/));
    expect(jobs[5]).toMatchObject({ status: 'fulfilled' });
    expect(silent.terminated).toBe(2);
  });

  test('or fail with something that has no text cost their job, too', async () => {
    const pool = open({ size: 1, worker: () => Promise.reject(Object.create(null)) });
    await expect(pool.encodeAsync(tensor(), small)).rejects.toMatchObject({ code: 'worker_failed' });
  });
});

test('a worker that does not let the pool listen is ended', async () => {
  class Deaf extends Silent {
    override addEventListener(): void {
      throw new Error('not to be heard');
    }
  }
  const deaf = new Deaf();
  const pool = open({ size: 1, worker: () => deaf });
  await expect(pool.encodeAsync(tensor(), small)).rejects.toMatchObject({ code: 'worker_failed' });
  expect(deaf.terminated).toBe(1);
});

test('a worker keeps its encoder until a profile goes that the encoder has seen', () => {
  let freed = 0;
  class Encoder {
    encode() {
      return { bytes: new Uint8Array(4), report: {} };
    }
    free() {
      freed += 1;
    }
  }
  let hear: (request: never) => void = () => {};
  serve({ Encoder, Decoder: Encoder } as never, { listen: (f) => (hear = f as typeof hear), answer: () => {} });
  const job = (profiles: number[], dropped: number[]) => {
    const data = new ArrayBuffer(4);
    const encoding = { kind: 'encode', type: 'float32', dims: [1], data, options: small, profiles };
    hear({ job: encoding, deliveries: [], dropped } as never);
    return freed;
  };
  expect([job([], []), job([1], []), job([], [2]), job([], [1]), job([], [1])]).toEqual([0, 0, 0, 1, 1]);
});

describe('profiles', () => {
  const profile = vector('profiles/full.slcp');
  const frame = vector('must-read/profile-classes.slcf');
  const other = (i: number) => Uint8Array.of(1, 2, 3, i);

  test('are kept while they are among the sixteen used last', () => {
    const shelf = new Shelf();
    const number = shelf.take(profile).number;
    for (let i = 0; i < 15; i++) shelf.take(other(i));
    expect(shelf.take(profile.slice()).number).toBe(number);
    for (let i = 15; i < 30; i++) shelf.take(other(i));
    expect(shelf.take(profile).number).toBe(number);
    for (let i = 30; i < 46; i++) shelf.take(other(i));
    const again = shelf.take(profile);
    expect(again.number).not.toBe(number);
    expect(again.bytes).toEqual(profile);

    const held = new Held();
    const many = Array.from({ length: 20 }, (_, i) => ({ number: i, bytes: other(i) }));
    // A job has all of its profiles, however many.
    expect(held.update([...many, many[3]])).toEqual({ deliveries: many, dropped: [] });
    expect(held.update(many.slice(0, 2))).toEqual({ deliveries: [], dropped: [2, 3, 4, 5] });
    expect(held.update([many[2]])).toEqual({ deliveries: [many[2]], dropped: [6] });
  });

  test('travel again to a worker that had to forget them', async () => {
    const sent: { deliveries: unknown[]; dropped: unknown[] }[] = [];
    const worker = () => {
      const made = new Worker(program);
      const post = made.postMessage.bind(made);
      made.postMessage = (message, transfer) => {
        sent.push(message);
        post(message, transfer);
      };
      return made;
    };
    const pool = open({ size: 1, worker });
    const expected = decode(frame, { profiles: [profile] });
    const options: EncodeOptions = { budget: { step: 0.5 }, profile };
    const frames = { first: encode(expected, options).bytes };
    const round = async () => {
      expect(await pool.decodeAsync(frame, { profiles: [profile] })).toEqual(expected);
      expect((await pool.encodeAsync(expected, options)).bytes).toEqual(frames.first);
    };
    await round();
    for (let i = 0; i < 40; i++) {
      await expect(pool.decodeAsync(frame, { profiles: [other(i)] })).rejects.toMatchObject({ code: 'bad_magic' });
    }
    await round();
    expect(sent.flatMap(({ deliveries }) => deliveries)).toHaveLength(42);
    expect(sent.flatMap(({ dropped }) => dropped)).toHaveLength(42 - 16);
  });
});

test('options may stand in a prototype', async () => {
  const pool = open({ size: 1 });
  const heir = <T extends object>(from: T): T => Object.create(from);
  const profile = vector('profiles/full.slcp');
  const source = decode(vector('must-read/profile-classes.slcf'), { profiles: [profile] });
  const all: EncodeOptions[] = [
    { budget: { nrmse: 0.01 }, effort: 'fast', mode: 'uniform', layout: 'rows', granularity: 'row', report: false },
    { budget: { keep: 0.5, distortion: 0.1, blocks: 3, asymmetry: 0.7 } },
    { budget: 'balanced', profile },
  ];
  for (const options of all) {
    const { budget } = options;
    const given = heir({ ...options, budget: typeof budget === 'string' ? budget : heir(budget) });
    expect((await pool.encodeAsync(source, given)).bytes).toEqual(encode(source, options).bytes);
  }
  const { bytes } = encode(tensor(), small);
  await expect(pool.decodeAsync(bytes, heir({ maxBytes: 10 }))).rejects.toMatchObject({ code: 'limit_exceeded' });
  const named = encode(source, all[2]).bytes;
  expect((await pool.decodeAsync(named, heir({ profiles: [profile] }))).dims).toEqual(source.dims);
});

test('buffers that are gone have an error of their own, with and without workers', async () => {
  const pool = open({ size: 1 });
  const gone = <T extends ArrayBufferView>(view: T): T => {
    structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
    return view;
  };
  const gives = (code: string) => expect.objectContaining({ code, message: expect.stringMatching(/given away/) });
  const refused = gives('invalid_option');
  const { bytes } = encode(tensor(), small);
  const inputs = [gone(bytes.slice()), gone(bytes.slice()).buffer, gone(new DataView(bytes.slice().buffer))];
  for (const input of inputs as Uint8Array[]) {
    for (const transfer of [false, true]) {
      await expect(pool.decodeAsync(input, {}, { transfer })).rejects.toEqual(refused);
    }
    expect(() => decode(input)).toThrow(refused);
  }
  for (const dims of [[6, 100], [0]]) {
    const empty = { ...tensor(), data: gone(tensor().data), dims };
    const wrong = gives('invalid_tensor');
    for (const transfer of [false, true]) {
      await expect(pool.encodeAsync(empty, small, { transfer })).rejects.toEqual(wrong);
    }
    expect(() => encode(empty, small)).toThrow(wrong);
  }
  const profile = gone(vector('profiles/full.slcp').slice());
  await expect(pool.encodeAsync(tensor(), { ...small, profile })).rejects.toEqual(refused);
  expect(() => encode(tensor(), { ...small, profile })).toThrow(refused);
  // Given away twice in one breath: the first has it.
  const given = tensor();
  const jobs = [1, 2].map(() => pool.encodeAsync(given, small, { transfer: true }));
  const [first, second] = await Promise.allSettled(jobs);
  expect(first).toMatchObject({ status: 'fulfilled', value: { bytes } });
  expect(second).toEqual({ status: 'rejected', reason: gives('invalid_tensor') });
  // Memory that cannot be given away is copied.
  const memory = new WebAssembly.Memory({ initial: 1 });
  const all: Tensor = { type: 'uint8', data: new Uint8Array(memory.buffer), dims: [65536] };
  const { bytes: copied } = await pool.encodeAsync(all, { budget: { lossless: true } }, { transfer: true });
  expect(decode(copied).data).toEqual(all.data);
});

describe('closing', () => {
  const slow: EncodeOptions = { budget: { nrmse: 0.01 }, effort: 'dense' };
  const large: Tensor = {
    type: 'float32',
    data: new Float32Array(2 ** 20).map((_, i) => Math.sin(i)),
    dims: [64, 16384],
  };

  test.each([0, 400])('after a job was given up, %i ms later', async (wait) => {
    const pool = open({ size: 1 });
    const abort = new AbortController();
    const running = pool.encodeAsync(large, slow, { signal: abort.signal });
    const rest = Promise.allSettled([1, 2].map(() => pool.encodeAsync(large, slow)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    abort.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    await new Promise((resolve) => setTimeout(resolve, wait));
    await pool.close();
    for (const end of await rest) expect(end).toMatchObject({ reason: { code: 'pool_closed' } });
    expect(pool.pending).toBe(0);
  });

  test('waits for workers that were given up before, too', async () => {
    let ended = false;
    const silent = new Silent();
    silent.terminate = async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      ended = true;
    };
    const pool = open({ size: 1, worker: () => silent });
    const abort = new AbortController();
    const job = pool.encodeAsync(tensor(), small, { signal: abort.signal });
    abort.abort();
    await expect(job).rejects.toMatchObject({ name: 'AbortError' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(ended).toBe(false);
    await pool.close();
    expect(ended).toBe(true);
  });

  test('reaches every worker, also where one cannot end', async () => {
    const workers = [new Silent(), new Silent(), new Silent()];
    const left = [...workers];
    workers[0].terminate = () => {
      throw new Error('not now');
    };
    workers[1].terminate = () => Promise.reject(new Error('never'));
    const pool = open({ size: 3, worker: () => left.shift() as Silent });
    const jobs = Promise.allSettled(workers.map(() => pool.encodeAsync(tensor(), small)));
    await pool.close();
    for (const end of await jobs) expect(end).toMatchObject({ reason: { code: 'pool_closed' } });
    expect(workers[2].terminated).toBe(1);
  });

  test('may come from a function of the caller', async () => {
    const silent = new Silent();
    const inStart: Pool = open({
      size: 1,
      worker: () => {
        void inStart.close();
        return silent;
      },
    });
    await expect(inStart.encodeAsync(tensor(), small)).rejects.toMatchObject({ code: 'pool_closed' });
    expect([silent.posted, silent.terminated]).toEqual([0, 1]);
    const inOptions = open({ size: 1, worker: () => silent });
    const options: EncodeOptions = {
      get budget() {
        void inOptions.close();
        return 'small' as const;
      },
    };
    await expect(inOptions.encodeAsync(tensor(), options)).rejects.toMatchObject({ code: 'pool_closed' });
    expect(silent.posted).toBe(0);
  });
});

test('options of a job that are none are refused', async () => {
  const pool = open({ size: 1 });
  for (const job of [null, 3, { signal: 3 }, { signal: {} }]) {
    await expect(pool.encodeAsync(tensor(), small, job as never)).rejects.toMatchObject({ code: 'invalid_option' });
  }
});
