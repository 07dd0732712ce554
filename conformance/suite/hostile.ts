/** Laws about bad input: an error with a known code, or a tensor; never a trap, never half a result. */
import fc from 'fast-check';
import { SlicerError } from 'slicer-codec';
import { CLASSES } from '../runner/neutral.ts';
import { check, type Implementation, type Law, type MakeLaw } from './law.ts';
import { jobs } from './options.ts';
import { attempt } from './round-trip.ts';
import { cook, random, recipes } from './tensors.ts';

/** What a decoder may answer. `internal` would be a trap. */
export const CODES: ReadonlySet<string> = new Set(CLASSES);
const LIMITS = { maxBytes: 1 << 24, maxWork: 1 << 24 };

export function hostileLaws(codec: Implementation['codec'], law: MakeLaw): Law[] {
  const survive = (bytes: Uint8Array): string => {
    try {
      const tensor = codec.decode(bytes, LIMITS);
      check(tensor.data.length === tensor.size, 'half a tensor');
      return 'decoded';
    } catch (error) {
      check(error instanceof SlicerError, String(error));
      check(CODES.has(error.code), `${error.code}: ${error.message}`);
      check(error.offset >= 0 && error.offset <= bytes.length, `offset ${error.offset} of ${bytes.length}`);
      check(error.advice !== '', 'no advice');
      return error.code;
    }
  };
  return [
    law('decode(any bytes) is an error or a tensor', fc.uint8Array({ maxLength: 300 }), (bytes) => {
      survive(bytes);
    }),
    law(
      'decode(a damaged frame) is an error or a tensor',
      fc.tuple(jobs, fc.integer(), fc.integer({ min: 1, max: 6 })),
      ([job, seed, hits]) => {
        const frame = attempt(() => codec.encode(cook(job.recipe), job.options))?.bytes;
        if (!frame || frame.length === 0) return;
        const next = random(seed);
        for (let i = 0; i < hits; i++) frame[Math.floor(next() ** 2 * frame.length)] = next() * 256;
        survive(frame);
        try {
          codec.inspect(frame);
        } catch (error) {
          check(error instanceof SlicerError && CODES.has(error.code), String(error));
        }
      },
    ),
    law('a prefix of a frame is truncated, and never a tensor', fc.tuple(jobs, fc.nat()), ([job, at]) => {
      const frame = attempt(() => codec.encode(cook(job.recipe), job.options))?.bytes;
      if (!frame || frame.length === 0) return;
      const code = survive(frame.subarray(0, at % frame.length));
      check(code !== 'decoded', 'a prefix was decoded');
    }),
    law(
      'bytes after a frame are an error',
      fc.tuple(recipes(true), fc.uint8Array({ minLength: 1, maxLength: 9 })),
      ([recipe, extra]) => {
        const frame = codec.encode(cook(recipe), { budget: 'balanced' }).bytes;
        const longer = new Uint8Array(frame.length + extra.length);
        longer.set(frame);
        longer.set(extra, frame.length);
        check(survive(longer) !== 'decoded', 'the longer frame was decoded');
      },
      0.3,
    ),
  ];
}
