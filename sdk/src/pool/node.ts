/** `slicer-codec/pool` in Node, Deno and Bun: workers are those of `node:worker_threads` unless others are given. */
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SlicerError } from '../codec/errors.js';
import { create } from './create.js';
import type { Pool, PoolOptions } from './types.js';

export type * from '../codec/types.js';
export type { JobOptions, Pool, PoolOptions, WorkerLike } from './types.js';
export { SlicerError };

/**
 * Makes a pool of workers that encode and decode. None is started before there is work for it, and none without work keeps the
 * process from ending.
 *
 * Throws `invalid_option`.
 */
export function createPool(options: PoolOptions = {}): Pool {
  // Options of the process, such as --input-type, are not for the workers.
  return create(options, () => new Worker(program(), { execArgv: [] }), availableParallelism());
}

/** The worker's program, which lies beside this file. */
function program(): string | URL {
  // In the CommonJS build this is the file's name: see scripts/lib/sdk.mjs.
  const here = import.meta.url;
  return here.startsWith('file:') ? new URL('./worker-node.js', here) : join(dirname(here), 'worker-node.js');
}
