/** Laws about how encoders choose: any effort makes what one decoder reads, and what was decoded encodes to itself. */
import fc from 'fast-check';
import type { Effort } from 'slicer-codec';
import { check, type Implementation, type Law, type MakeLaw } from './law.ts';
import { jobs } from './options.ts';
import { attempt } from './round-trip.ts';
import { cook, recipes, sameBytes, toDoubles } from './tensors.ts';

const EFFORTS: readonly Effort[] = ['fast', 'default', 'dense'];

export function effortLaws(codec: Implementation['codec'], law: MakeLaw): Law[] {
  return [
    law(
      'frames of every effort decode alike, in any order, lossless ones to the same bits',
      fc.tuple(jobs, recipes(false), fc.shuffledSubarray([...EFFORTS], { minLength: 3 })),
      ([job, exact, order]) => {
        const tensor = cook(job.recipe);
        const bits = cook(exact);
        const decoder = new codec.Decoder();
        try {
          for (const effort of order) {
            const lossy = attempt(() => codec.encode(tensor, { ...job.options, effort }));
            if (lossy) {
              const fresh = codec.decode(lossy.bytes);
              check(sameBytes(decoder.decode(lossy.bytes).data, fresh.data), `${effort}: a used decoder differs`);
            }
            const whole = codec.encode(bits, { budget: { lossless: true }, effort });
            check(sameBytes(decoder.decode(whole.bytes).data, bits.data), `${effort}: bits changed`);
          }
        } finally {
          decoder.free();
        }
      },
      0.5,
    ),
    law(
      'encode(decode(encode(x))) is encode(x)',
      fc.tuple(recipes(true), fc.constantFrom(1, 0.3, 0.01), fc.constantFrom<Effort>('fast', 'default')),
      ([recipe, share, effort]) => {
        const tensor = cook({ ...recipe, type: 'float32' });
        const largest = toDoubles('float32', tensor.data).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
        // With 24 bits a level of 2^15 lies clear of the next one's half.
        const step = Math.fround(Math.max((largest / 1000) * share, 1e-30));
        const options = { budget: { step }, mode: 'uniform', effort } as const;
        const first = codec.encode(tensor, options);
        const decoded = codec.decode(first.bytes);
        const second = codec.encode({ ...tensor, data: decoded.data }, options);
        check(sameBytes(first.bytes, second.bytes), 'the second frame differs');
        check(sameBytes(decoded.data, codec.decode(second.bytes).data), 'the second tensor differs');
      },
    ),
  ];
}
