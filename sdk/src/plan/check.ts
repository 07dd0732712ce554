/** Refuses questions that make no sense, and names the field. */
import { SlicerError } from '../codec/errors.js';
import type { Constraints, Place, PlanProblem } from './types.js';

const OBJECTIVES = ['latency', 'server', 'bytes'];
const KINDS = ['split', 'input', 'local'];

/** Figures that may be 0, and those that may not. */
const FIGURES: readonly (readonly [key: keyof Place, least: 'zero' | 'above' | 'optional'])[] = [
  ['deviceMs', 'above'],
  ['serverMs', 'above'],
  ['uplink', 'above'],
  ['rtt', 'zero'],
  ['downlink', 'optional'],
  ['answerBytes', 'optional'],
  ['overheadBytes', 'optional'],
];
const BOUNDS: readonly (keyof Constraints)[] = ['latencyMs', 'memoryBytes', 'bytes', 'kl', 'loss'];

/** An error about one field of a plan. */
export function planError(field: string, message: string, advice: string): SlicerError {
  return new SlicerError('invalid_option', `${field}: ${message}`, { advice });
}

/**
 * Checks a question.
 *
 * @throws SlicerError `invalid_option` that begins with the field's name.
 */
export function checkProblem(problem: PlanProblem): void {
  const { place, constraints = {}, exclude = [], objective, model } = problem;
  for (const [key, least] of FIGURES) {
    const value = place[key];
    if (value === undefined && least === 'optional') continue;
    if (typeof value !== 'number' || Number.isNaN(value))
      throw planError(key, 'a number is wanted', 'Measure it, or leave a guess.');
    if (value < 0) throw planError(key, `${value} is negative`, 'Times, speeds and sizes are at least 0.');
    if (value === 0 && (least === 'above' || key === 'downlink'))
      throw planError(key, 'it is 0', 'It must be above 0.');
  }
  for (const key of BOUNDS) {
    const value = constraints[key];
    if (value === undefined) continue;
    if (Number.isNaN(value)) throw planError(key, 'a number is wanted', 'Leave the bound out where anything goes.');
    if (value < 0) throw planError(key, `the bound ${value} is negative`, 'No option can be below 0.');
  }
  if (!OBJECTIVES.includes(objective)) {
    throw planError('objective', `'${objective}' is none`, `There is: ${OBJECTIVES.join(', ')}.`);
  }
  const unknown = exclude.find((kind) => !KINDS.includes(kind));
  if (unknown !== undefined) throw planError('exclude', `'${unknown}' is none`, `There is: ${KINDS.join(', ')}.`);
  checkModel(problem);
  // Bounds that leave nothing whatever the figures are.
  const remote = exclude.includes('local');
  if (KINDS.every((kind) => exclude.includes(kind as never))) {
    throw planError('exclude', 'every kind of answer is excluded', 'Leave at least one of split, input, local.');
  }
  if (remote && constraints.bytes === 0) {
    throw planError(
      'bytes',
      'a bound of 0 contradicts exclude: only the local option sends nothing',
      'Allow bytes, or the local option.',
    );
  }
  if (remote && constraints.latencyMs !== undefined && constraints.latencyMs < place.rtt) {
    const words = `a bound of ${constraints.latencyMs} ms contradicts rtt: one round trip alone takes ${place.rtt} ms`;
    throw planError('latencyMs', words, 'Raise the bound, or allow the local option.');
  }
  if (exclude.includes('split') && exclude.includes('input') === false && model.forms.length === 0 && remote) {
    throw planError(
      'exclude',
      'only sending the input is left, and no form of the input is known',
      'Give evaluations with rows of the input.',
    );
  }
}

function checkModel({ model }: PlanProblem): void {
  const wrong = (value: number | undefined) => value !== undefined && !(value >= 0);
  const refuse = (field: string, value: number | undefined) =>
    planError(field, `${value} is negative or no number`, 'Check the files the figures come from.');
  for (const cut of model.cuts) {
    const at = `cuts.${cut.name}`;
    if (!(cut.headShare >= 0 && cut.headShare <= 1))
      throw planError(`${at}.headShare`, `${cut.headShare} is not from 0 to 1`, 'It is a share of the whole model.');
    if (wrong(cut.bytes)) throw refuse(`${at}.bytes`, cut.bytes);
    if (wrong(cut.memoryBytes)) throw refuse(`${at}.memoryBytes`, cut.memoryBytes);
    for (const point of cut.points) {
      for (const key of ['bytes', 'encodeMs', 'decodeMs'] as const) {
        if (wrong(point[key])) throw refuse(`${at}.${point.setting}.${key}`, point[key]);
      }
    }
  }
  for (const form of model.forms) if (wrong(form.bytes)) throw refuse(`forms.${form.form}.bytes`, form.bytes);
  if (wrong(model.memoryBytes)) throw refuse('memoryBytes', model.memoryBytes);
  if (model.referenceMs !== undefined && !(model.referenceMs > 0)) throw refuse('referenceMs', model.referenceMs);
}
