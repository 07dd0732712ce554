/** What callers of a pool see. */
import type { DecodedTensor, DecodeOptions, EncodeOptions, EncodeResult, Tensor } from '../codec/types.js';

/** What a pool needs of a worker: a browser's `Worker` has it, and so has that of `node:worker_threads`. */
export interface WorkerLike {
  /** Sends a value; what stands in the list moves there and is gone here. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** Ends the worker at once. */
  terminate(): unknown;
}

/** Options of `createPool`. */
export interface PoolOptions {
  /**
   * Starts a worker that runs `slicer-codec/worker`, now or in a while. In Node it need not be given; in a page it is
   * `() => new Worker(url, { type: 'module' })` with a script that imports `slicer-codec/worker`.
   */
  worker?: () => WorkerLike | PromiseLike<WorkerLike>;
  /** Most workers at a time, 1…256; as many as the host can run at once unless given. They start when there is work for them. */
  size?: number;
}

/** Options of one call. */
export interface JobOptions {
  /**
   * Whether the caller gives its buffer away: it goes to the worker without a copy and is empty afterwards. Only where the array
   * is the whole of its `ArrayBuffer`; anything else is copied. Off unless given.
   */
  transfer?: boolean;
  /**
   * Ends the job: the promise is rejected with the signal's reason at once. A worker that starts for the job or is busy with it for
   * longer than a quarter of a second after that is ended, and replaced when there is work again.
   */
  signal?: AbortSignal;
}

/**
 * Workers that encode and decode. One frame is one job, and goes to the first worker that is free, in the order of the calls.
 *
 * A profile travels once to each worker. The pool and every worker keep the sixteen used last; others travel again when they come
 * back. Pass the same array for the same profile: a new one is compared byte by byte with those that are kept.
 */
export interface Pool {
  /** `encode` in a worker: the same bytes, the same errors. The report's time is that inside the worker. */
  encodeAsync(tensor: Tensor, options: EncodeOptions, job?: JobOptions): Promise<EncodeResult>;
  /** `decode` in a worker: the same tensor, the same errors. */
  decodeAsync(bytes: Uint8Array | ArrayBuffer, options?: DecodeOptions, job?: JobOptions): Promise<DecodedTensor>;
  /** Most workers at a time. */
  readonly size: number;
  /** Jobs that wait for a worker or are in one. */
  readonly pending: number;
  /**
   * Ends all workers and rejects what is pending with `pool_closed`; resolves when they have ended. A worker that is not there
   * yet, because `worker` gave a promise, is not waited for: it is ended as soon as it comes.
   */
  close(): Promise<void>;
}
