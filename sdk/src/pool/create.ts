/** Checks of what every host's `createPool` is given. */
import { SlicerError } from '../codec/errors.js';
import { WorkerPool } from './pool.js';
import type { Pool, PoolOptions } from './types.js';

/** Most workers of a pool. */
const MOST = 256;

/** Makes a pool where the host's own worker and number of cores stand in for what is not given. */
export function create(options: PoolOptions, worker: PoolOptions['worker'], cores: number): Pool {
  if (typeof options !== 'object' || options === null) {
    throw new SlicerError('invalid_option', 'The options of a pool are an object.');
  }
  for (const key in options) {
    if (key !== 'worker' && key !== 'size') throw new SlicerError('invalid_option', `Unknown option ${key}.`);
  }
  const start = options.worker ?? worker;
  if (start === undefined) {
    throw new SlicerError('no_workers', 'This host does not say how a worker is started.', {
      advice:
        "Pass worker: () => new Worker(url, { type: 'module' }) with a script that imports 'slicer-codec/worker'.",
    });
  }
  if (typeof start !== 'function') throw new SlicerError('invalid_option', 'worker must be a function.');
  const size = options.size ?? Math.min(Math.max(cores, 1), MOST);
  if (!Number.isInteger(size) || size < 1 || size > MOST) {
    throw new SlicerError('invalid_option', `size must be a whole number from 1 to ${MOST}; it is ${String(size)}.`);
  }
  return new WorkerPool(size, start);
}
