/**
 * Two decoders that share no code, on the same bytes: both give the same tensor, or both refuse. Where they do not, the files of the
 * case are kept, and an error is thrown.
 */
import { SlicerError } from 'slicer-codec';
import { check, type Implementation, type Independent, type PlainTensor } from './law.ts';
import { bytesOf, sameBytes } from './tensors.ts';

/** What a decoder answered: a tensor, or a code. */
export type Answer = PlainTensor | string;

/** Caps of both decoders; what else the core charges (`maxWork`) is its own affair. */
export interface AgreeLimits {
  maxBytes: number;
  maxWork: number;
}

/** Compares the two; each function returns what the core answered. */
export interface Agreement {
  /** A standalone frame, with the files of the profiles that both hold. */
  frame(bytes: Uint8Array, profiles?: Uint8Array[]): Answer;
  /** Bodies of one setup in order, as far as no limit is met: what that leaves behind differs. */
  stream(setup: Uint8Array, bodies: Uint8Array[]): void;
}

/** Sets the two decoders side by side. */
export function agreement(
  { codec, keep }: Pick<Implementation, 'codec' | 'keep'>,
  independent: Independent,
  limits: AgreeLimits,
): Agreement {
  const { maxBytes } = limits;
  const agree = (name: string, files: Record<string, Uint8Array>, one: () => PlainTensor, two: () => PlainTensor) => {
    const [ours, theirs] = [answer(one), answer(two)];
    // A limit of either says nothing about the stream.
    if (ours === 'limit_exceeded' || theirs === 'limit_exceeded') return 'limit_exceeded';
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
  return {
    frame(bytes, profiles = []) {
      const files = Object.fromEntries(profiles.map((profile, i) => [`${i + 1}.slcp`, profile]));
      return agree(
        'frame',
        { 'case.slcf': bytes, ...files },
        () => plain(codec.decode(bytes, { ...limits, profiles })),
        () => independent.decode(bytes, { maxBytes, profiles }),
      );
    },
    stream(setup, bodies) {
      const files = { 'case.setup': setup, ...Object.fromEntries(bodies.map((body, i) => [`${i + 1}.body`, body])) };
      const ours = opened(() => new codec.StreamDecoder(setup, limits));
      const theirs = opened(() => independent.openStream(setup, { maxBytes }));
      try {
        if (typeof ours === 'string' || typeof theirs === 'string') {
          agree(
            'stream',
            files,
            () => settled(ours),
            () => settled(theirs),
          );
          return;
        }
        for (const body of bodies) {
          const got = agree(
            'stream',
            files,
            () => plain(ours.decode(body)),
            () => theirs.decode(body),
          );
          if (got === 'limit_exceeded') return;
        }
      } finally {
        if (typeof ours !== 'string') ours.free();
      }
    },
  };
}

function opened<T>(make: () => T): T | string {
  try {
    return make();
  } catch (error) {
    return codeOf(error);
  }
}

/** For a stream that one of the two would not open. */
function settled(stream: unknown): PlainTensor {
  if (typeof stream === 'string') throw Object.assign(new Error(stream), { code: stream });
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
