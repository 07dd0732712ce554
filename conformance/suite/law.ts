/** What laws are made of. */
import type fc from 'fast-check';
import type { Codec } from 'slicer-codec';
import type { Containers } from '../runner/container-answer.ts';

/** What became of a law that holds. */
export interface Outcome {
  /** Cases tried. */
  cases: number;
  /**
   * SHA-256 (first eight bytes, hex) over every byte the codec has put out so far in this law, one after every `CHECKPOINT` cases and one
   * at the end of a list that has an end. Hosts with the same seed must agree on as many as both have.
   */
  hashes: string[];
}

/** One property. `run` throws when it does not hold. */
export interface Law {
  name: string;
  run(): Outcome;
}

/** An implementation that shares no code with the one under test. */
export interface Independent {
  decode(frame: Uint8Array, options?: { maxBytes?: number; profiles?: Uint8Array[] }): PlainTensor;
  openStream(setup: Uint8Array, options?: { maxBytes?: number }): { decode(body: Uint8Array): PlainTensor };
}

/** A decoded tensor as bytes, little-endian. */
export interface PlainTensor {
  type: string;
  dims: number[];
  bytes: Uint8Array;
}

/** What is under test. */
export interface Implementation {
  codec: Pick<Codec, 'encode' | 'decode' | 'inspect' | 'Encoder' | 'Decoder' | 'StreamEncoder' | 'StreamDecoder'>;
  /** Reads containers; where there is none, their vectors are left out. */
  containers?: Containers;
  /** Another build of the same codec, whose every bit must be equal. */
  twin?: Pick<Codec, 'encode' | 'decode' | 'inspect'>;
  /** A decoder by other people, which must agree on every stream, valid or not. */
  independent?: Independent;
  /** Keeps the files of a case on which two implementations disagree; the last call is the smallest case. */
  keep?(law: string, files: Record<string, Uint8Array | string>): void;
}

/** Turns a property into a law; `share` scales the number of cases. */
export type MakeLaw = <T>(name: string, arbitrary: fc.Arbitrary<T>, holds: (value: T) => void, share?: number) => Law;

/** Fails a property with a message. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
