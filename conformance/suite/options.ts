/** Random encoder options. */
import fc from 'fast-check';
import type { Budget, EncodeOptions } from 'slicer-codec';
import { type Recipe, recipes } from './tensors.ts';

/** A tensor and how to encode it. */
export interface Job {
  recipe: Recipe;
  options: EncodeOptions;
}

const modes = fc.constantFrom('auto', 'uniform', 'slicer' as const);
const budgets: fc.Arbitrary<Budget> = fc.oneof(
  fc.constantFrom<Budget>('near-lossless', 'balanced', 'small'),
  fc.record({ nrmse: fc.constantFrom(0.3, 0.1, 0.0316, 0.01, 0.001) }),
  fc.record({ maxError: fc.constantFrom(0.5, 0.01, 1e-4) }),
  fc.record({ bitsPerValue: fc.constantFrom(1, 2, 4, 8) }),
  fc.record({ bytes: fc.constantFrom(64, 256, 4096) }),
  fc.record({ step: fc.constantFrom(1, 0.25, 0.01) }),
  fc.record({ distortion: fc.constantFrom(0.3, 0.1, 0.02) }),
  fc.record({
    keep: fc.constantFrom(0, 0.1, 0.5, 1),
    asymmetry: fc.constantFrom(0, 0.5, 1, 2),
    blocks: fc.constantFrom(1, 2, 4, 8),
    distortion: fc.constantFrom(0.2, 0.05),
  }),
);

/** The part of the options beside the budget. */
export const settings: fc.Arbitrary<Omit<EncodeOptions, 'budget'>> = fc.record({
  mode: modes,
  effort: fc.constantFrom('fast', 'default' as const),
  granularity: fc.constantFrom('tensor', 'row', 'channel' as const),
});

/** Any finite tensor with any budget. A method budget belongs to the method's own encoder. */
export const jobs: fc.Arbitrary<Job> = fc.record({ recipe: recipes(true), budget: budgets, rest: settings }).map(fit);

function fit({ recipe, budget, rest }: { recipe: Recipe; budget: Budget; rest: Omit<EncodeOptions, 'budget'> }): Job {
  const method = typeof budget === 'object' && 'distortion' in budget;
  return { recipe, options: { ...rest, budget, ...(method ? { mode: 'slicer' } : {}) } };
}
