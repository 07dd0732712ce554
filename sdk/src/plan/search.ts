/** The search: exact, as every option is looked at. */
import { checkProblem, planError } from './check.js';
import { listOptions } from './options.js';
import type { Binding, Constraints, Failure, Gap, Objective, Option, Plan, PlanProblem } from './types.js';

/** What an option has of that which a constraint bounds. */
const READ: Readonly<Record<keyof Constraints, (option: Option) => number | undefined>> = {
  latencyMs: (option) => option.latencyMs,
  memoryBytes: (option) => option.memoryBytes,
  bytes: (option) => option.bytes,
  kl: (option) => option.quality.kl,
  loss: (option) => option.quality.loss,
};

/**
 * Finds the best option of a question.
 *
 * @throws SlicerError `invalid_option` that names the field which makes no sense.
 */
export function plan(problem: PlanProblem): Plan {
  checkProblem(problem);
  const { objective, constraints = {} } = problem;
  const options = listOptions(problem);
  if (options.length === 0) {
    throw planError(
      'exclude',
      'nothing is left to choose from',
      'Give evaluations of cuts or forms of the input, or allow the local option.',
    );
  }
  const sorted = [...options].sort((a, b) => compare(objective, a, b));
  const feasible = sorted.filter((option) => gapsOf(option, constraints).every(({ by }) => by <= 0));
  const [chosen, runnerUp] = feasible;
  if (!chosen) return { met: false, objective, failure: explain(options, constraints), considered: options.length };
  return {
    met: true,
    objective,
    chosen,
    runnerUp,
    binding: bindingOf(sorted, constraints, objective, chosen),
    gaps: gapsOf(chosen, constraints),
    considered: options.length,
    feasible: feasible.length,
  };
}

/** What an objective counts. */
export function objectiveOf(objective: Objective, option: Option): number {
  if (objective === 'latency') return option.latencyMs;
  return objective === 'server' ? option.serverMs : option.bytes;
}

/** Better first; of equal ones the faster, then the smaller. */
function compare(objective: Objective, a: Option, b: Option): number {
  return objectiveOf(objective, a) - objectiveOf(objective, b) || a.latencyMs - b.latencyMs || a.bytes - b.bytes;
}

/** Every constraint with how far the option is from it; what is not known is infinitely far. */
export function gapsOf(option: Option, constraints: Constraints): Gap[] {
  return (Object.keys(READ) as (keyof Constraints)[]).flatMap((constraint) => {
    const bound = constraints[constraint];
    if (bound === undefined) return [];
    const value = READ[constraint](option);
    return [{ constraint, bound, value, by: value === undefined ? Number.POSITIVE_INFINITY : value - bound }];
  });
}

/** The constraints without which there were something better, the most costly first. */
function bindingOf(
  sorted: readonly Option[],
  constraints: Constraints,
  objective: Objective,
  chosen: Option,
): Binding[] {
  return gapsOf(chosen, constraints)
    .flatMap((gap) => {
      const without = sorted.find((option) =>
        gapsOf(option, constraints).every(({ constraint, by }) => constraint === gap.constraint || by <= 0),
      );
      const gain = without ? objectiveOf(objective, chosen) - objectiveOf(objective, without) : 0;
      return without && gain > 0 ? [{ ...gap, without, gain }] : [];
    })
    .sort((a, b) => b.gain - a.gain);
}

function explain(options: readonly Option[], constraints: Constraints): Failure {
  const least = (list: readonly Option[], constraint: keyof Constraints) => {
    const all = list.map((nearest) => ({
      ...gapsOf(nearest, constraints).find((gap) => gap.constraint === constraint)!,
      nearest,
    }));
    return all.reduce<(typeof all)[number] | undefined>((a, b) => (a === undefined || b.by < a.by ? b : a), undefined);
  };
  const names = gapsOf(options[0], constraints).map(({ constraint }) => constraint);
  const alone = names.flatMap((name) => {
    const found = least(options, name);
    return found && found.by > 0 ? [found] : [];
  });
  const together = names.flatMap((name) => {
    const others = options.filter((option) =>
      gapsOf(option, constraints).every(({ constraint, by }) => constraint === name || by <= 0),
    );
    const found = least(others, name);
    return found ? [found] : [];
  });
  const excess = (option: Option) =>
    gapsOf(option, constraints).reduce((sum, { by, bound }) => sum + Math.max(0, by) / Math.max(bound, 1e-9), 0);
  const nearest = options.reduce((a, b) => (excess(b) < excess(a) ? b : a));
  return { alone, together, nearest, gaps: gapsOf(nearest, constraints).filter(({ by }) => by > 0) };
}
