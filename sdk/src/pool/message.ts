/** What passes between a pool and its workers: plain objects and whole buffers, so that nothing is cloned that can be transferred. */
import { SlicerError } from '../codec/errors.js';
import { bytesOf } from '../codec/tensor.js';
import type { DecodeOptions, DType, EncodeOptions, EncodeReport } from '../codec/types.js';

/** A profile by number; its bytes travel once to each worker. */
export interface Delivery {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** A job. The profiles of its options are given as numbers. */
export type Job =
  | {
      readonly kind: 'encode';
      readonly type: DType;
      readonly data: ArrayBuffer;
      readonly dims: readonly number[];
      readonly options: Omit<EncodeOptions, 'profile'>;
      readonly profiles: readonly number[];
    }
  | {
      readonly kind: 'decode';
      readonly data: ArrayBuffer;
      readonly options: Omit<DecodeOptions, 'profiles'>;
      readonly profiles: readonly number[];
    };

/** From the pool to a worker. */
export interface Request {
  readonly job: Job;
  readonly deliveries: readonly Delivery[];
  /** Numbers of profiles to forget; who is asked for one again is given it anew. */
  readonly dropped: readonly number[];
}

/** What a job comes to. */
export type Outcome =
  | { readonly kind: 'encoded'; readonly data: ArrayBuffer; readonly report: EncodeReport }
  | {
      readonly kind: 'decoded';
      readonly type: DType;
      readonly data: ArrayBuffer;
      readonly dims: number[];
      readonly size: number;
    };

/** An error as a plain object: a clone would keep the message and lose the rest. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly offset: number;
  readonly advice: string;
}

/** From a worker to the pool. */
export type Response = { readonly outcome: Outcome } | { readonly failure: Failure };

/**
 * The bytes of an array as a buffer that nobody else has: the array's own where it may and can be given away and is all of its
 * buffer, else a copy. At once, so that it does not matter what the caller does while the job waits.
 */
export function ownBuffer(array: ArrayBufferView | ArrayBuffer, giveAway: boolean): ArrayBuffer {
  const bytes = bytesOf(array);
  const { buffer } = bytes;
  // By tag: shared memory cannot be transferred, and buffers may come from another realm.
  const isPlain = Object.prototype.toString.call(buffer) === '[object ArrayBuffer]';
  if (giveAway && isPlain && bytes.byteLength === buffer.byteLength) {
    try {
      return structuredClone(buffer, { transfer: [buffer as ArrayBuffer] }) as ArrayBuffer;
    } catch {
      // The memory of a WASM module, for one, cannot be given away.
    }
  }
  return new Uint8Array(bytes).buffer;
}

/** An error on its way. */
export function packError(error: unknown): Failure {
  if (error instanceof SlicerError) {
    const { code, message, offset, advice } = error;
    return { code, message, offset, advice };
  }
  const { code, message, offset, advice } = new SlicerError('internal', String(error));
  return { code, message, offset, advice };
}

/** An error that has arrived. */
export function unpackError({ code, message, offset, advice }: Failure): SlicerError {
  return new SlicerError(code, message, { offset, advice });
}
