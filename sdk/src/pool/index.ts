/** `slicer-codec/pool` in pages, and wherever a worker is started by the caller. */
import { SlicerError } from '../codec/errors.js';
import { create } from './create.js';
import type { Pool, PoolOptions } from './types.js';

export type * from '../codec/types.js';
export type { JobOptions, Pool, PoolOptions, WorkerLike } from './types.js';
export { SlicerError };

/**
 * Makes a pool of workers that encode and decode. None is started before there is work for it.
 *
 * Throws `no_workers` without `worker`, and `invalid_option`.
 */
export function createPool(options: PoolOptions = {}): Pool {
  return create(options, undefined, globalThis.navigator?.hardwareConcurrency ?? 2);
}
