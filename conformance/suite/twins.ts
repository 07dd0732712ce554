/** Laws about two builds of one codec: scalar and SIMD, or this one and a native one. */
import fc from 'fast-check';
import { check, type Implementation, type Law, type MakeLaw } from './law.ts';
import { jobs } from './options.ts';
import { attempt } from './round-trip.ts';
import { cook, sameBytes } from './tensors.ts';

export function twinLaws(
  codec: Implementation['codec'],
  twin: NonNullable<Implementation['twin']>,
  law: MakeLaw,
): Law[] {
  return [
    law('both builds encode to the same bytes and decode to the same bits', jobs, (job) => {
      const tensor = cook(job.recipe);
      const one = attempt(() => codec.encode(tensor, job.options));
      const two = attempt(() => twin.encode(tensor, job.options));
      check((one === undefined) === (two === undefined), 'only one build met the budget');
      if (!one || !two) return;
      check(sameBytes(one.bytes, two.bytes), 'the frames differ');
      check(sameBytes(codec.decode(one.bytes).data, twin.decode(one.bytes).data), 'the tensors differ');
    }),
    law(
      'encoding twice gives the same bytes',
      fc.tuple(jobs, jobs),
      ([job, other]) => {
        const tensor = cook(job.recipe);
        const one = attempt(() => codec.encode(tensor, job.options));
        attempt(() => codec.encode(cook(other.recipe), other.options));
        const two = attempt(() => codec.encode(tensor, job.options));
        check(one === undefined ? two === undefined : sameBytes(one.bytes, two!.bytes), 'the second frame differs');
      },
      0.5,
    ),
  ];
}
