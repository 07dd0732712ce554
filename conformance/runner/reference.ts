/** The reference decoder: the SDK behind appendix B.2 and B.3. */
import { readFileSync } from 'node:fs';
import * as codec from 'slicer-codec/decode';
import { inputOf } from './decoder.ts';
import type { Manifest, Vector } from './manifest.ts';
import { type Command, type Neutral, readScript } from './neutral.ts';

/** What a decoder program is asked. */
export interface DecodeJob {
  profiles: Uint8Array[];
  setup?: Uint8Array;
  stream: boolean;
  maxBytes?: number;
  input: Uint8Array;
}

/** An answer, or the class of an error. */
export type Answer = Neutral | { error: string };

/** Decodes what a program is given. The first answer of a job that is no stream is its only one. Throws SlicerError for what ends the program. */
export function decodeJob({ profiles, setup, stream, maxBytes, input }: DecodeJob): Answer[] {
  const options = { profiles, maxBytes };
  if (setup === undefined) {
    const decoder = new codec.Decoder();
    try {
      return [neutralOf(decoder.decode(input, options))];
    } finally {
      decoder.free();
    }
  }
  const decoder = new codec.StreamDecoder(setup, options);
  try {
    if (!stream) return [neutralOf(decoder.decode(input))];
    return follow(decoder, readScript(input));
  } finally {
    decoder.free();
  }
}

function follow(decoder: codec.StreamDecoder, commands: readonly Command[]): Answer[] {
  const states = new Map<string, Uint8Array>();
  return commands.flatMap((c): Answer[] => {
    if ('snapshot' in c) states.set(c.snapshot, decoder.snapshot());
    else if ('restore' in c) decoder.restore(states.get(c.restore)!);
    else if ('reset' in c) decoder.reset();
    else {
      try {
        return [neutralOf(decoder.decode(c.body))];
      } catch (error) {
        if (!(error instanceof codec.SlicerError)) throw error;
        return [{ error: error.code }];
      }
    }
    return [];
  });
}

function neutralOf({ type, dims, data }: codec.DecodedTensor): Neutral {
  return { type, dims: [...dims], bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** Answers to a vector's bodies. */
export function decodeVector(manifest: Manifest, vector: Vector): Answer[] {
  const read = (path: string) => new Uint8Array(readFileSync(manifest.folder + path));
  try {
    return decodeJob({
      profiles: (vector.profiles ?? []).map(read),
      setup: vector.files.setup === undefined ? undefined : read(vector.files.setup),
      stream: vector.steps !== undefined,
      maxBytes: vector.limits?.maxBytes,
      input: inputOf(manifest, vector),
    });
  } catch (error) {
    if (error instanceof codec.SlicerError) return [{ error: error.code }];
    throw error;
  }
}

/** Decodes a standalone frame without profiles. Throws SlicerError. */
export function decodeFrame(frame: Uint8Array): Neutral {
  return neutralOf(codec.decode(frame));
}

export { SlicerError } from 'slicer-codec/decode';
