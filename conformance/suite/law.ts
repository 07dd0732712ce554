/** What laws are made of. */
import type fc from 'fast-check';
import type { Codec } from 'slicer-codec';

/** One property. `run` throws when it does not hold and returns the number of cases tried. */
export interface Law {
  name: string;
  run(): number;
}

/** What is under test. `twin` is another build of the same codec, whose every bit must be equal. */
export interface Implementation {
  codec: Pick<Codec, 'encode' | 'decode' | 'inspect' | 'Encoder' | 'Decoder' | 'StreamEncoder' | 'StreamDecoder'>;
  twin?: Pick<Codec, 'encode' | 'decode' | 'inspect'>;
}

/** Turns a property into a law; `share` scales the number of cases. */
export type MakeLaw = <T>(name: string, arbitrary: fc.Arbitrary<T>, holds: (value: T) => void, share?: number) => Law;

/** Fails a property with a message. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
