/** The vectors as laws, one per drawer: every answer must be the manifest's. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { DecodedTensor, DecodeOptions } from 'slicer-codec';
import type { ContainerVector } from '../runner/manifest.ts';
import { check, type Implementation, type Law } from './law.ts';
import type { Recorder } from './record.ts';
import { bytesOf } from './tensors.ts';

/** The folder conformance/vectors: its manifest, and how to read a file beside it. */
export interface VectorFiles {
  manifest: { vectors: Vector[]; containers: ContainerVector[] };
  read(path: string): Uint8Array;
}

/** What the manifest expects: a tensor, or an error with the codes that are right too. */
interface Answer {
  type?: string;
  dims?: number[];
  sha256?: string;
  error?: string;
  or?: string[];
}

interface Step {
  body?: string;
  expect?: Answer;
  snapshot?: string;
  restore?: string;
  reset?: true;
}

/** One entry of the manifest, as far as a decoder is concerned. */
export interface Vector {
  id: string;
  drawer: string;
  profiles?: string[];
  files: { frame?: string; setup?: string; body?: string };
  steps?: Step[];
  expect?: Answer;
  limits?: DecodeOptions;
}

/** A law per drawer, whose cases are its vectors. */
export function vectorLaws(codec: Implementation['codec'], files: VectorFiles, recorder: Recorder): Law[] {
  const drawers = [...new Set(files.manifest.vectors.map((v) => v.drawer))];
  return drawers.map((drawer) => ({
    name: `vectors: ${drawer}`,
    run: () => {
      const list = files.manifest.vectors.filter((v) => v.drawer === drawer);
      recorder.take();
      const wrong = list.flatMap((vector) => {
        const complaints = judge(codec, vector, files.read);
        recorder.case();
        return complaints.map((text) => `${vector.id}: ${text}`);
      });
      recorder.mark();
      check(wrong.length === 0, `${wrong.length} answers are wrong\n${wrong.slice(0, 20).join('\n')}`);
      return { cases: list.length, hashes: recorder.take() };
    },
  }));
}

/** What is wrong with a decoder's answers to one vector. */
function judge(codec: Implementation['codec'], vector: Vector, read: VectorFiles['read']): string[] {
  const options = { ...vector.limits, profiles: vector.profiles?.map(read) };
  const { frame, setup, body } = vector.files;
  if (frame !== undefined) return compare(vector.expect!, () => standalone(codec, read(frame), options));
  if (!vector.steps) return compare(vector.expect!, () => bare(codec, read(setup!), body && read(body), options));
  return follow(codec, read(setup!), vector.steps, options, read);
}

function compare(expected: Answer, make: () => DecodedTensor): string[] {
  const got = answer(make);
  if (expected.error !== undefined) {
    const right = [expected.error, ...(expected.or ?? [])];
    return got.error !== undefined && right.includes(got.error)
      ? []
      : [`${got.error ?? 'a tensor'} instead of ${right.join(' or ')}`];
  }
  if (got.error !== undefined) return [`${got.error} instead of a tensor`];
  const same =
    got.type === expected.type && got.dims!.join() === expected.dims!.join() && got.sha256 === expected.sha256;
  return same ? [] : [`${JSON.stringify(got)} instead of ${JSON.stringify(expected)}`];
}

/** What a decoder says about something, in the manifest's words. */
function answer(make: () => DecodedTensor): Answer {
  try {
    const { type, dims, data } = make();
    return { type, dims, sha256: bytesToHex(sha256(bytesOf(data))) };
  } catch (error) {
    return { error: (error as { code?: string }).code ?? String(error) };
  }
}

/** A decoder of its own: what profiles it holds is this vector's affair. */
function standalone(codec: Implementation['codec'], frame: Uint8Array, options: DecodeOptions): DecodedTensor {
  const decoder = new codec.Decoder();
  try {
    return decoder.decode(frame, options);
  } finally {
    decoder.free();
  }
}

function bare(
  codec: Implementation['codec'],
  setup: Uint8Array,
  body: Uint8Array | undefined | '',
  options: DecodeOptions,
): DecodedTensor {
  const decoder = new codec.StreamDecoder(setup, options);
  try {
    if (!body) throw new Error('a setup without a fault');
    return decoder.decode(body);
  } finally {
    decoder.free();
  }
}

/** A stream: bodies, and what happens between them. */
function follow(
  codec: Implementation['codec'],
  setup: Uint8Array,
  steps: Step[],
  options: DecodeOptions,
  read: VectorFiles['read'],
): string[] {
  const decoder = new codec.StreamDecoder(setup, options);
  const states = new Map<string, Uint8Array>();
  const wrong: string[] = [];
  try {
    for (const [i, step] of steps.entries()) {
      const { body } = step;
      if (body !== undefined) {
        const complaints = compare(step.expect!, () => decoder.decode(read(body)));
        wrong.push(...complaints.map((text) => `step ${i}: ${text}`));
      }
      if (step.snapshot !== undefined) states.set(step.snapshot, decoder.snapshot());
      if (step.restore !== undefined) decoder.restore(states.get(step.restore)!);
      if (step.reset) decoder.reset();
    }
  } finally {
    decoder.free();
  }
  return wrong;
}
