/** Laws about two decoders that share no code: on any stream, valid or damaged, both give the same tensor or both refuse. */
import fc from 'fast-check';
import { crc32c } from '../generator/crc32c.ts';
import { agreement } from './agree.ts';
import { check, type Implementation, type Law, type MakeLaw } from './law.ts';
import { jobs } from './options.ts';
import { attempt } from './round-trip.ts';
import { settle, streams } from './streams.ts';
import { cook, random } from './tensors.ts';

/** Far off: laws draw small tensors. */
const LIMITS = { maxBytes: 1 << 26, maxWork: 1 << 26 };

/** Damage: where it begins, how many bytes, and whether the checksum is made right again. */
const damages = fc.record({ seed: fc.integer(), hits: fc.integer({ min: 0, max: 4 }), sealed: fc.boolean() });

export function differentialLaws({ codec, independent, keep }: Implementation, law: MakeLaw): Law[] {
  if (!independent) return [];
  const both = agreement({ codec, keep }, independent, LIMITS);
  return [
    law('an independent decoder agrees on random and damaged frames', fc.tuple(jobs, damages), ([job, damage]) => {
      const frame = attempt(() => codec.encode(cook(job.recipe), job.options))?.bytes;
      if (!frame) return;
      const got = both.frame(harm(frame, damage));
      check(damage.hits > 0 || typeof got !== 'string', `a sound frame was refused: ${String(got)}`);
    }),
    law(
      'an independent decoder agrees on random and damaged streams',
      fc.tuple(streams, damages),
      ([drawn, damage]) => {
        const { tensor, options } = settle(drawn);
        const encoder = new codec.StreamEncoder(options);
        const setup = damage.seed % 4 === 0 ? harm(encoder.setup, { ...damage, sealed: false }) : encoder.setup;
        const bodies = [encoder.encode(tensor.data), encoder.encode(tensor.data)].map((body, i) =>
          i === 1 ? harm(body, { ...damage, sealed: damage.sealed && drawn.checksum }) : body,
        );
        encoder.free();
        both.stream(setup, bodies);
      },
    ),
  ];
}

/** Changes some bytes, more often near the head, and perhaps makes the checksum in the last four right again. */
function harm(bytes: Uint8Array, { seed, hits, sealed }: { seed: number; hits: number; sealed: boolean }): Uint8Array {
  const out = bytes.slice();
  if (hits === 0 || out.length === 0) return out;
  const next = random(seed);
  for (let i = 0; i < hits; i++) out[Math.floor(next() ** 2 * out.length)] = next() * 256;
  const end = out.length - 4;
  if (sealed && end > 0) new DataView(out.buffer).setUint32(end, crc32c(out.subarray(0, end)), true);
  return out;
}
