/**
 * The laws of the codec as properties. Nothing here knows the runtime: a host passes an implementation in and gets a list
 * of laws back, each of which it runs as one test.
 */
import fc from 'fast-check';
import { hostileLaws } from './hostile.ts';
import type { Implementation, Law, MakeLaw } from './law.ts';
import { lossyLaws } from './lossy.ts';
import { roundTripLaws } from './round-trip.ts';
import { streamLaws } from './streams.ts';
import { twinLaws } from './twins.ts';

export type { Implementation, Law } from './law.ts';

/** Where to start and how many cases to draw per law. */
export interface SuiteOptions {
  seed: number;
  runs: number;
}

/** Builds the list of laws for an implementation. */
export function suite(implementation: Implementation, options: SuiteOptions): Law[] {
  const { codec, twin } = implementation;
  /** Makes a law of a property over one arbitrary. */
  const law: MakeLaw = (name, arbitrary, holds, share = 1) => ({
    name,
    run: () => {
      const numRuns = Math.max(1, Math.round(options.runs * share));
      fc.assert(fc.property(arbitrary, holds), { seed: options.seed, numRuns, includeErrorInReport: true });
      return numRuns;
    },
  });
  return [
    ...roundTripLaws(codec, law),
    ...lossyLaws(codec, law),
    ...hostileLaws(codec, law),
    ...streamLaws(codec, law),
    ...(twin ? twinLaws(codec, twin, law) : []),
  ];
}
