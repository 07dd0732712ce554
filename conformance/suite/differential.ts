/**
 * Laws about two decoders that share no code: on any stream, valid or damaged, both give the same tensor or both refuse. Where they
 * do not, the files of the smallest case are kept.
 */
import fc from 'fast-check';
import { SlicerError } from 'slicer-codec';
import { crc32c } from '../generator/crc32c.ts';
import { check, type Implementation, type Law, type MakeLaw, type PlainTensor } from './law.ts';
import { jobs } from './options.ts';
import { attempt } from './round-trip.ts';
import { settle, streams } from './streams.ts';
import { bytesOf, cook, random, sameBytes } from './tensors.ts';

/** Caps on the output alone would be equal; what else a decoder charges is its own affair, so they lie far off. */
const LIMITS = { maxBytes: 1 << 26 };
const WORK = 1 << 26;

/** What a decoder answered: a tensor, or a code. */
type Answer = PlainTensor | string;

/** Damage: where it begins, how many bytes, and whether the checksum is made right again. */
const damages = fc.record({ seed: fc.integer(), hits: fc.integer({ min: 0, max: 4 }), sealed: fc.boolean() });

export function differentialLaws({ codec, independent, keep }: Implementation, law: MakeLaw): Law[] {
  if (!independent) return [];
  const agree = (name: string, files: Record<string, Uint8Array>, one: () => PlainTensor, two: () => PlainTensor) => {
    const [ours, theirs] = [answer(one), answer(two)];
    // A limit of either says nothing about the stream.
    if (ours === 'limit_exceeded' || theirs === 'limit_exceeded') return ours;
    const same =
      typeof ours === 'string' || typeof theirs === 'string'
        ? typeof ours === typeof theirs
        : ours.type === theirs.type && ours.dims.join() === theirs.dims.join() && sameBytes(ours.bytes, theirs.bytes);
    if (!same) {
      const answers = JSON.stringify({ ours: brief(ours), independent: brief(theirs) }, undefined, 2);
      keep?.(name, { ...files, 'answers.json': `${answers}\n` });
      check(false, `the decoders disagree: ${answers}`);
    }
    return ours;
  };
  return [
    law('an independent decoder agrees on random and damaged frames', fc.tuple(jobs, damages), ([job, damage]) => {
      const frame = attempt(() => codec.encode(cook(job.recipe), job.options))?.bytes;
      if (!frame) return;
      const bytes = harm(frame, damage);
      const got = agree(
        'frame',
        { 'case.slcf': bytes },
        () => plain(codec.decode(bytes, { ...LIMITS, maxWork: WORK })),
        () => independent.decode(bytes, LIMITS),
      );
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
        const files = { 'case.setup': setup, '1.body': bodies[0], '2.body': bodies[1] };
        const pair = open(setup, codec, independent);
        if (typeof pair.ours === 'string' || typeof pair.theirs === 'string') {
          agree(
            'stream',
            files,
            () => thrown(pair.ours),
            () => thrown(pair.theirs),
          );
          return;
        }
        const { ours, theirs } = pair;
        try {
          for (const body of bodies) {
            const got = agree(
              'stream',
              files,
              () => plain(ours.decode(body)),
              () => theirs.decode(body),
            );
            // What a limit left behind differs.
            if (got === 'limit_exceeded') return;
          }
        } finally {
          ours.free();
        }
      },
    ),
  ];
}

function open(
  setup: Uint8Array,
  codec: Implementation['codec'],
  independent: NonNullable<Implementation['independent']>,
) {
  return {
    ours: attemptOpen(() => new codec.StreamDecoder(setup, { ...LIMITS, maxWork: WORK })),
    theirs: attemptOpen(() => independent.openStream(setup, LIMITS)),
  };
}

function attemptOpen<T>(make: () => T): T | string {
  try {
    return make();
  } catch (error) {
    return codeOf(error);
  }
}

/** For a stream that one of the two would not open. */
function thrown(opened: unknown): PlainTensor {
  if (typeof opened === 'string') throw Object.assign(new Error(opened), { code: opened });
  return { type: 'a setup', dims: [], bytes: new Uint8Array(0) };
}

function plain({ type, dims, data }: { type: string; dims: number[]; data: ArrayBufferView }): PlainTensor {
  return { type, dims, bytes: bytesOf(data) };
}

function answer(make: () => PlainTensor): Answer {
  try {
    return make();
  } catch (error) {
    return codeOf(error);
  }
}

/** The code of a decoder's error; anything else is a defect of that decoder. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string' || (error instanceof SlicerError && code === 'internal')) throw error;
  return code;
}

function brief(answer: Answer): string {
  return typeof answer === 'string' ? answer : `${answer.type} [${answer.dims}], ${answer.bytes.length} bytes`;
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
