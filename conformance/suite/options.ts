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
    asymmetry: fc.constantFrom(0.25, 0.5, 1, 2),
    blocks: fc.constantFrom(1, 2, 4, 8),
    distortion: fc.constantFrom(0.2, 0.05),
  }),
);

/** The part of the options beside the budget. */
export const settings: fc.Arbitrary<Omit<EncodeOptions, 'budget'>> = fc.record({
  mode: modes,
  effort: fc.constantFrom('fast', 'default', 'dense' as const),
  granularity: fc.constantFrom('tensor', 'row', 'channel' as const),
});

/** Any finite tensor with any budget. */
export const jobs: fc.Arbitrary<Job> = fc
  .record({ recipe: recipes(true), budget: budgets, rest: settings })
  .map(({ recipe, budget, rest }) => ({ recipe, options: fit(budget, rest) }));

/** Makes budget and settings go together: the method has one scale, and neither a step nor a largest error. */
export function fit(budget: Budget, rest: Omit<EncodeOptions, 'budget'>): EncodeOptions {
  const has = (key: string) => typeof budget === 'object' && key in budget;
  if (has('distortion'))
    return { ...rest, budget, mode: rest.mode === 'uniform' ? 'slicer' : rest.mode, granularity: 'tensor' };
  if (rest.mode !== 'slicer') return { ...rest, budget };
  return has('step') || has('maxError')
    ? { ...rest, budget, mode: 'auto' }
    : { ...rest, budget, granularity: 'tensor' };
}
