/** `slicer-codec/pool` in Workers, which have no workers of their own. */
import { SlicerError } from '../codec/errors.js';
import type { Pool, PoolOptions } from './types.js';

export type * from '../codec/types.js';
export type { JobOptions, Pool, PoolOptions, WorkerLike } from './types.js';
export { SlicerError };

/** Throws `no_workers`: the host runs one thread for each request. Call `encode` and `decode` instead. */
export function createPool(_options: PoolOptions = {}): Pool {
  throw new SlicerError('no_workers', 'Workers of this host cannot start workers.', {
    advice: "Call encode and decode of 'slicer-codec': here every request has a thread of its own.",
  });
}
