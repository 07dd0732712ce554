/** The budget of `encode`: exactly one, from one flag each; the method's own four go together. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SlicerError } from '../codec/errors.js';
import type { Budget } from '../codec/types.js';

/** What commander makes of the budget flags. */
export interface BudgetFlags {
  preset?: 'near-lossless' | 'balanced' | 'small';
  nrmse?: number;
  maxError?: number;
  bitsPerValue?: number;
  bytes?: number;
  step?: number;
  expectedKl?: number;
  measuredKl?: number;
  tail?: string;
  lossless?: boolean;
  keep?: number;
  asymmetry?: number;
  blocks?: number;
  distortion?: number;
}

/** A budget that is not the codec's own: the answers of a tail are measured. */
export interface MeasuredKl {
  /** Most KL of the answers, nats. */
  readonly measuredKl: number;
  /** Path of the model behind the cut. */
  readonly tail: string;
}

/** Whether a budget takes a tail to keep. */
export const isMeasured = (budget: Budget | MeasuredKl): budget is MeasuredKl =>
  typeof budget === 'object' && 'measuredKl' in budget;

const METHOD = ['keep', 'asymmetry', 'blocks', 'distortion'] as const;
const SINGLE = ['nrmse', 'maxError', 'bitsPerValue', 'bytes', 'step', 'expectedKl'] as const;

/** What to do when there is no budget, or a wrong one. */
export const BUDGET_ADVICE =
  'Give one of --preset near-lossless|balanced|small, --nrmse, --max-error, --bits-per-value, --bytes, --step, --expected-kl with --profile, --measured-kl with --tail, --lossless, ' +
  "or the method's own --keep --asymmetry --blocks --distortion.";

/** A number that is written as one; commander turns the error into a usage error. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** A whole number from 0. */
export function parseCount(text: string): number {
  const value = parseNumber(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number from 0.');
  return value;
}

/** Adds the budget flags to a command. */
export function addBudgetFlags(command: Command): Command {
  const number = (flag: string, text: string) => command.addOption(new Option(flag, text).argParser(parseNumber));
  const whole = (flag: string, text: string) => command.addOption(new Option(flag, text).argParser(parseCount));
  command.addOption(
    new Option('--preset <name>', 'a budget by name')
      .choices(['near-lossless', 'balanced', 'small'])
      .helpGroup(BUDGETS),
  );
  command.optionsGroup(BUDGETS);
  number('--nrmse <x>', 'at most this √(Σe²/Σx²), in the worst scale group; a guarantee');
  number('--max-error <x>', 'at most this absolute error of any value; a guarantee');
  number('--bits-per-value <x>', 'at most this many bits per value, everything counted');
  whole('--bytes <n>', 'at most this many bytes, everything counted');
  number('--step <x>', 'this quantiser step; no search, no verification');
  number('--expected-kl <nats>', "the KL of the task's answers that the profile's curve puts at this; an estimate");
  number('--measured-kl <nats>', 'at most this KL of the answers, measured with --tail; kept for this tensor');
  command.option('--tail <tail.onnx>', 'the model behind the cut, for --measured-kl');
  command.option('--lossless', 'every bit comes back');
  number('--keep <x>', 'method: fraction of the values that survive, 0 to 1');
  number('--asymmetry <x>', 'method: weight of negative values in the ranking');
  whole('--blocks <n>', 'method: number of magnitude blocks');
  number('--distortion <x>', 'method: error allowed in a block, relative to the RMS');
  return command;
}

const BUDGETS = 'Budget (exactly one; --keep, --asymmetry, --blocks and --distortion go together):';

/** The budget that the flags ask for. Ranges are the codec's business. */
export function budgetOf(flags: BudgetFlags): Budget | MeasuredKl {
  const given: [string, Budget | MeasuredKl][] = [];
  if (flags.preset !== undefined) given.push(['--preset', flags.preset]);
  for (const name of SINGLE) {
    const value = flags[name];
    if (value !== undefined) given.push([flagName(name), { [name]: value } as unknown as Budget]);
  }
  const { measuredKl, tail } = flags;
  if ((measuredKl === undefined) !== (tail === undefined)) {
    throw new SlicerError('invalid_budget', '--measured-kl and --tail go together.', {
      advice: 'Name the ONNX file behind the cut with --tail, and the KL its answers may move with --measured-kl.',
    });
  }
  if (measuredKl !== undefined && tail !== undefined) given.push(['--measured-kl', { measuredKl, tail }]);
  if (flags.lossless) given.push(['--lossless', { lossless: true }]);
  const method = METHOD.filter((name) => flags[name] !== undefined);
  if (method.length > 0) {
    const values = Object.fromEntries(method.map((name) => [name, flags[name]]));
    given.push([method.map(flagName).join(' '), values as Budget]);
  }
  if (given.length === 0) throw new SlicerError('invalid_budget', 'No budget was given.', { advice: BUDGET_ADVICE });
  if (given.length > 1) {
    const flagsGiven = given.map(([flag]) => flag).join(' and ');
    throw new SlicerError('invalid_budget', `More than one budget was given: ${flagsGiven}.`, {
      advice: BUDGET_ADVICE,
    });
  }
  return given[0][1];
}

function flagName(option: string): string {
  return `--${option.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}
