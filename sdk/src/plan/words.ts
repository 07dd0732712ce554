/** A plan in words. */
import type { Constraints, Gap, Option, Plan, Terms } from './types.js';

/** How a constraint's numbers are written. */
const UNITS: Readonly<Record<keyof Constraints, { readonly name: string; readonly write: (x: number) => string }>> = {
  latencyMs: { name: 'latency', write: (x) => `${digits(x)} ms` },
  memoryBytes: { name: 'memory', write: (x) => `${digits(x / 1e6)} MB` },
  bytes: { name: 'bytes', write: (x) => `${Math.ceil(x)} B` },
  kl: { name: 'KL', write: (x) => digits(x) },
  loss: { name: 'loss', write: (x) => `${digits(100 * x)} pp` },
};
const TERMS: Readonly<Record<keyof Terms, string>> = {
  head: 'head on the device',
  encode: 'encoding',
  uplink: 'up the link',
  rtt: 'round trip',
  decode: 'decoding',
  tail: 'tail on the server',
  answer: 'the answer back',
};
const OBJECTIVES = { latency: 'least latency', server: 'least time on the server', bytes: 'fewest bytes' } as const;

/** The lines a person reads. */
export function planLines(plan: Plan): string[] {
  if (!plan.met) return failureLines(plan);
  const { chosen, runnerUp, binding } = plan;
  const lines = [
    `${nameOf(chosen)} (${OBJECTIVES[plan.objective]}; ${plan.feasible} of ${plan.considered} options meet every constraint)`,
    ...termLines(chosen),
    `  ${figures(chosen)}`,
  ];
  const [first] = binding;
  if (first) {
    const { name, write } = UNITS[first.constraint];
    lines.push(
      `binding: ${name} ≤ ${write(first.bound)}; without it ${nameOf(first.without)}, ${gain(plan.objective, first.gain)} less`,
    );
  } else lines.push('binding: nothing; no constraint keeps a better option out');
  lines.push(runnerUp ? `runner-up: ${nameOf(runnerUp)}: ${figures(runnerUp)}` : 'runner-up: none');
  return lines;
}

/** An option in a few words. */
export function nameOf({ kind, cut, setting }: Option): string {
  if (kind === 'local') return 'run locally';
  return kind === 'input' ? `send ${setting}` : `split at ${cut}, ${setting}`;
}

function termLines({ terms, latencyMs }: Option): string[] {
  const shown = (Object.keys(TERMS) as (keyof Terms)[]).filter((key) => terms[key] > 0);
  const parts = shown.map((key) => `${TERMS[key]} ${digits(terms[key])}`);
  return [`  latency ${digits(latencyMs)} ms = ${parts.join(' + ')}`];
}

function figures({ latencyMs, serverMs, bytes, memoryBytes, quality }: Option): string {
  return [
    `${digits(latencyMs)} ms`,
    `server busy ${digits(serverMs)} ms`,
    `${Math.ceil(bytes)} B`,
    memoryBytes === undefined ? undefined : `${digits(memoryBytes / 1e6)} MB on the device`,
    quality.kl === undefined ? undefined : `KL ${digits(quality.kl)}`,
    quality.loss === undefined
      ? undefined
      : quality.loss === 0
        ? 'loss 0 pp'
        : `loss up to ${digits(100 * quality.loss)} pp`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

function failureLines({ failure, considered }: Extract<Plan, { met: false }>): string[] {
  const { alone, together, nearest, gaps } = failure;
  const list = alone.length > 0 ? alone : together;
  const why = list.map((gap) => {
    const condition = alone.length > 0 ? '' : ', where all else holds,';
    return `cannot be met: ${bound(gap)}${condition} fails by ${by(gap)}; nearest: ${nameOf(gap.nearest)}`;
  });
  const rest =
    why.length > 0
      ? []
      : [`cannot be met: ${gaps.map((gap) => `${bound(gap)} fails by ${by(gap)}`).join(' and ')} at best together`];
  return [...why, ...rest, `nearest of ${considered} options: ${nameOf(nearest)}: ${figures(nearest)}`];
}

const bound = ({ constraint, bound: limit }: Gap) => `${UNITS[constraint].name} ≤ ${UNITS[constraint].write(limit)}`;

function by({ constraint, by: excess }: Gap): string {
  return Number.isFinite(excess) ? UNITS[constraint].write(excess) : 'an unknown amount: no figure is known';
}

function gain(objective: Plan['objective'], amount: number): string {
  return objective === 'bytes' ? `${Math.round(amount)} B` : `${digits(amount)} ms`;
}

/** Three significant digits, without exponents. */
function digits(x: number): string {
  if (x === 0 || !Number.isFinite(x)) return String(x);
  return Math.abs(x) >= 100 ? Math.round(x).toString() : Number(x.toPrecision(3)).toString();
}
