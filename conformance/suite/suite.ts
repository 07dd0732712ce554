/**
 * What a codec must keep: the vectors, and laws as properties. Nothing here knows the runtime: a host passes an implementation in
 * and gets a list of laws back, each of which it runs as one test.
 */
import fc from 'fast-check';
import { containerLaws } from './containers.ts';
import { differentialLaws } from './differential.ts';
import { effortLaws } from './efforts.ts';
import { hostileLaws } from './hostile.ts';
import type { Implementation, Law, MakeLaw } from './law.ts';
import { lossyLaws } from './lossy.ts';
import { Recorder, recorded } from './record.ts';
import { roundTripLaws } from './round-trip.ts';
import { streamLaws } from './streams.ts';
import { twinLaws } from './twins.ts';
import { type VectorFiles, vectorLaws } from './vectors.ts';

export type { Implementation, Law, Outcome } from './law.ts';
export type { VectorFiles } from './vectors.ts';

/** Where to start and how many cases to draw per law. */
export interface SuiteOptions {
  seed: number;
  runs: number;
  /** The folder conformance/vectors; without it the vectors are left out. */
  vectors?: VectorFiles;
}

/** Builds the list of laws for an implementation. */
export function suite(implementation: Implementation, options: SuiteOptions): Law[] {
  const recorder = new Recorder();
  const codec = recorded(implementation.codec, recorder);
  const { twin, containers } = implementation;
  /** Makes a law of a property over one arbitrary. */
  const law: MakeLaw = (name, arbitrary, holds, share = 1) => ({
    name,
    run: () => {
      const numRuns = Math.max(1, Math.round(options.runs * share));
      recorder.take();
      const property = fc.property(arbitrary, (value) => {
        holds(value);
        recorder.case();
      });
      fc.assert(property, { seed: options.seed, numRuns, includeErrorInReport: true });
      return { cases: numRuns, hashes: recorder.take() };
    },
  });
  return [
    ...(options.vectors ? vectorLaws(codec, options.vectors, recorder) : []),
    ...(options.vectors && containers ? containerLaws(containers, options.vectors, recorder) : []),
    ...roundTripLaws(codec, law),
    ...lossyLaws(codec, law),
    ...effortLaws(codec, law),
    ...hostileLaws(codec, law),
    ...streamLaws(codec, law),
    ...(twin ? twinLaws(codec, twin, law) : []),
    ...differentialLaws({ ...implementation, codec }, law),
  ];
}
