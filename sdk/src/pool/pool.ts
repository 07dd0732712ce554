/** The pool: a queue, and workers that are started when there is work for them. */
import { SLOTS } from '../codec/abi.js';
import { checkBytes } from '../codec/decode.js';
import { SlicerError } from '../codec/errors.js';
import { plainDecodeOptions, plainEncodeOptions, writeDecodeOptions, writeEncodeOptions } from '../codec/options.js';
import { arrayOver, checkTensor } from '../codec/tensor.js';
import type { DecodedTensor, DecodeOptions, EncodeOptions, EncodeResult, Tensor } from '../codec/types.js';
import { Link, notStarted } from './link.js';
import { type Delivery, type Job, type Outcome, ownBuffer, type Response, unpackError } from './message.js';
import { Shelf } from './profiles.js';
import type { JobOptions, Pool, PoolOptions } from './types.js';

/** Milliseconds that a worker has to finish a job that nobody waits for any more: most do, and starting another takes time too. */
const GRACE = 250;

/** A job that waits, or that a worker is busy with. */
interface Entry {
  readonly job: Job;
  readonly profiles: readonly Delivery[];
  readonly settle: (error: unknown, outcome?: Outcome) => void;
}

/** A pool of at most `size` workers from `start`. */
export class WorkerPool implements Pool {
  private readonly shelf = new Shelf();
  private queue: Entry[] = [];
  private readonly idle: Link[] = [];
  /** Every worker there is; those with a job name it. */
  private readonly links = new Map<Link, Entry | undefined>();
  /** Workers that are about to end. */
  private readonly ends = new Set<Promise<void>>();
  private closed: Promise<void> | undefined;

  constructor(
    readonly size: number,
    private readonly start: NonNullable<PoolOptions['worker']>,
  ) {}

  get pending(): number {
    return this.queue.length + [...this.links.values()].filter((entry) => entry !== undefined).length;
  }

  async encodeAsync(tensor: Tensor, options: EncodeOptions, job: JobOptions = {}): Promise<EncodeResult> {
    this.admit(job);
    checkTensor(tensor);
    const profiles = options?.profile === undefined ? [] : [this.shelf.take(options.profile)];
    // What cannot be encoded is said here: a mistake needs no worker, and need not be something that can be sent.
    writeEncodeOptions(options, new Float64Array(SLOTS), 0);
    const plain = plainEncodeOptions(options);
    const { type, data, dims } = tensor;
    const bytes = ownBuffer(data, job.transfer === true);
    const outcome = await this.queued(
      { kind: 'encode', type, data: bytes, dims: [...dims], options: plain, profiles: profiles.map(numberOf) },
      profiles,
      job.signal,
    );
    if (outcome.kind !== 'encoded') throw confused();
    return { bytes: new Uint8Array(outcome.data), report: outcome.report };
  }

  async decodeAsync(
    bytes: Uint8Array | ArrayBuffer,
    options: DecodeOptions = {},
    job: JobOptions = {},
  ): Promise<DecodedTensor> {
    this.admit(job);
    const input = checkBytes(bytes);
    const profiles = (options?.profiles ?? []).map((profile) => this.shelf.take(profile));
    writeDecodeOptions(options, new Float64Array(SLOTS), 0);
    const plain = plainDecodeOptions(options);
    const data = ownBuffer(input, job.transfer === true);
    const outcome = await this.queued(
      { kind: 'decode', data, options: plain, profiles: profiles.map(numberOf) },
      profiles,
      job.signal,
    );
    if (outcome.kind !== 'decoded') throw confused();
    const { type, dims, size } = outcome;
    return { type, data: arrayOver(type, new Uint8Array(outcome.data)), dims, size };
  }

  close(): Promise<void> {
    this.closed ??= this.shut();
    return this.closed;
  }

  private async shut(): Promise<void> {
    const entries = [...this.queue, ...this.links.values()];
    const links = [...this.links.keys()];
    this.queue = [];
    this.links.clear();
    this.idle.length = 0;
    for (const entry of entries) entry?.settle(gone());
    for (const link of links) this.retire(link);
    await Promise.all(this.ends);
  }

  /** Refuses a call that cannot be served. */
  private admit(job: JobOptions): void {
    if (typeof job !== 'object' || job === null) throw new SlicerError('invalid_option', 'Options are an object.');
    for (const key in job) {
      if (key !== 'transfer' && key !== 'signal') throw new SlicerError('invalid_option', `Unknown option ${key}.`);
    }
    const { signal } = job;
    if (signal && typeof signal.throwIfAborted !== 'function') {
      throw new SlicerError('invalid_option', 'signal must be an AbortSignal.');
    }
    this.check(signal);
  }

  private check(signal: AbortSignal | undefined): void {
    if (this.closed) throw gone();
    signal?.throwIfAborted();
  }

  /** Queues a job and resolves with what it comes to. */
  private queued(job: Job, profiles: readonly Delivery[], signal: AbortSignal | undefined): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      // Once more: getters of the caller's options have run since.
      this.check(signal);
      const abort = () => {
        this.drop(entry);
        entry.settle(signal?.reason);
      };
      const entry: Entry = {
        job,
        profiles,
        settle: (error, outcome) => {
          signal?.removeEventListener('abort', abort);
          if (outcome) resolve(outcome);
          else reject(error);
        },
      };
      signal?.addEventListener('abort', abort);
      this.queue.push(entry);
      this.feed();
    });
  }

  /** Hands jobs to workers while there are both. */
  private feed(): void {
    while (this.queue.length > 0 && (this.idle.length > 0 || this.links.size < this.size)) {
      const entry = this.queue.shift() as Entry;
      let link: Link | undefined;
      try {
        link = this.idle.pop() ?? this.open();
        // The function that starts workers may close the pool.
        if (this.closed) throw gone();
        this.links.set(link, entry);
        link.send({ job: entry.job, ...link.held.update(entry.profiles) });
      } catch (cause) {
        if (link) this.retire(link);
        entry.settle(this.closed ? gone() : notStarted(cause));
      }
    }
  }

  private open(): Link {
    const link: Link = new Link(
      this.start,
      (response) => this.answered(link, response),
      (error) => {
        const entry = this.links.get(link);
        this.retire(link);
        entry?.settle(error);
        this.feed();
      },
    );
    this.links.set(link, undefined);
    return link;
  }

  private answered(link: Link, response: unknown): void {
    const entry = this.links.get(link);
    // A script of the caller's own around ours may say more than we asked.
    if (!entry || !isResponse(response)) return;
    this.links.set(link, undefined);
    this.idle.push(link);
    link.rest();
    this.feed();
    if ('outcome' in response) entry.settle(undefined, response.outcome);
    else entry.settle(unpackError(response.failure));
  }

  /** Takes a job back: out of the queue, or from a worker that does not come to an end with it. */
  private drop(entry: Entry): void {
    this.queue = this.queue.filter((other) => other !== entry);
    for (const [link, other] of this.links) {
      if (other !== entry) continue;
      const late = setTimeout(() => {
        if (this.links.get(link) !== entry) return;
        this.retire(link);
        this.feed();
      }, GRACE);
      // Not in pages, where timers are numbers and keep nothing open.
      (late as { unref?: () => void }).unref?.();
    }
  }

  /** Strikes a worker off and ends it. */
  private retire(link: Link): void {
    this.links.delete(link);
    const at = this.idle.indexOf(link);
    if (at >= 0) this.idle.splice(at, 1);
    const end = link.end().then(() => {
      this.ends.delete(end);
    });
    this.ends.add(end);
  }
}

function isResponse(message: unknown): message is Response {
  return typeof message === 'object' && message !== null && ('outcome' in message || 'failure' in message);
}

function numberOf({ number }: Delivery): number {
  return number;
}

function gone(): SlicerError {
  return new SlicerError('pool_closed', 'The pool is closed.');
}

function confused(): SlicerError {
  return new SlicerError('worker_failed', 'A worker of the pool answered something else than it was asked.');
}
