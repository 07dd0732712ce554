/** From options as people write them to the numbers the core reads. */
import { BUDGETS, EFFORTS, GRANULARITIES, LAYOUTS, MODES, SLOT } from './abi.js';
import { SlicerError } from './errors.js';
import type { DecodeOptions, EncodeOptions, Layout } from './types.js';

const METHOD = ['keep', 'asymmetry', 'blocks', 'distortion'] as const;
const SINGLE = ['nrmse', 'maxError', 'bitsPerValue', 'bytes', 'step', 'lossless', 'expectedKl'] as const;
/** What the presets stand for: NRMSE, so 50, 30 and 20 decibels. */
const PRESETS: Readonly<Record<string, number>> = { 'near-lossless': 0.003, balanced: 0.03, small: 0.1 };
/** Numbers that a budget takes, where zero and above is not the answer. */
const RANGES: Readonly<Record<string, { text: string; has: (value: number) => boolean }>> = {
  bitsPerValue: { text: 'a finite number above 0', has: (v) => v > 0 },
  bytes: { text: 'a finite number, at least 1', has: (v) => v >= 1 },
  expectedKl: { text: 'a finite number above 0', has: (v) => v > 0 },
  // Steps are f32 and so are their reciprocals.
  step: {
    text: 'a number from 2.94e-39 to 3.4e38',
    has: (v) => v > 0 && Math.fround(v) < Infinity && Math.fround(1 / Math.fround(v)) < Infinity,
  },
  keep: { text: 'a number from 0 to 1', has: (v) => v >= 0 && v <= 1 },
  asymmetry: {
    text: 'a number above 0, within the range of a float32',
    has: (v) => Math.fround(v) > 0 && Math.fround(v) < Infinity,
  },
  blocks: { text: 'a whole number from 1 to 120', has: (v) => Number.isInteger(v) && v >= 1 && v <= 120 },
};
const FROM_ZERO = { text: 'a finite number, not negative', has: (v: number) => v >= 0 };
const ENCODE_KEYS = new Set(['budget', 'mode', 'effort', 'layout', 'granularity', 'report', 'profile']);
const DECODE_KEYS = new Set(['maxBytes', 'maxWork', 'profiles']);

/** Writes encoder options into the slots from `base` on. */
export function writeEncodeOptions(options: EncodeOptions, slots: Float64Array, base: number): void {
  if (typeof options !== 'object' || options === null) throw new SlicerError('invalid_budget', 'No budget was given.');
  for (const key in options) {
    if (!ENCODE_KEYS.has(key)) throw new SlicerError('invalid_option', `Unknown option ${key}.`);
  }
  writeBudget(options.budget, slots, base);
  slots[base + SLOT.mode] = choice('mode', MODES, options.mode, 'auto');
  slots[base + SLOT.effort] = choice('effort', EFFORTS, options.effort, 'default');
  slots[base + SLOT.layout] = layoutCode(options.layout);
  slots[base + SLOT.granularity] = choice('granularity', GRANULARITIES, options.granularity, 'tensor');
  slots[base + SLOT.wantReport] = options.report === false ? 0 : 1;
}

/** Checked options without the profile, by name and as own properties: those that stand in a prototype do not survive a clone. */
export function plainEncodeOptions(options: EncodeOptions): Omit<EncodeOptions, 'profile'> {
  const { mode, effort, layout, granularity, report } = options;
  let { budget } = options;
  if (typeof budget === 'object') {
    const numbers: Record<string, unknown> = {};
    for (const key of [...METHOD, ...SINGLE]) numbers[key] = (budget as Record<string, unknown>)[key];
    budget = numbers as unknown as EncodeOptions['budget'];
  }
  return { budget, mode, effort, layout, granularity, report };
}

/** Code of a layout. */
export function layoutCode(layout: Layout | undefined): number {
  return choice('layout', LAYOUTS, layout, 'auto');
}

/** Writes decoder limits; NaN stands for the default. */
export function writeDecodeOptions(options: DecodeOptions | undefined, slots: Float64Array, base: number): void {
  // A misspelt limit would be no limit at all.
  for (const key in options) {
    if (!DECODE_KEYS.has(key)) throw new SlicerError('invalid_option', `Unknown option ${key}.`);
  }
  slots[base + SLOT.maxBytes] = limit('maxBytes', options?.maxBytes);
  slots[base + SLOT.maxWork] = limit('maxWork', options?.maxWork);
}

/** Checked limits without the profiles, as {@link plainEncodeOptions}. */
export function plainDecodeOptions(options: DecodeOptions | undefined): Omit<DecodeOptions, 'profiles'> {
  return { maxBytes: options?.maxBytes, maxWork: options?.maxWork };
}

function writeBudget(budget: EncodeOptions['budget'], slots: Float64Array, base: number): void {
  for (let i = 0; i < 4; i++) slots[base + SLOT.budgetValues + i] = Number.NaN;
  if (typeof budget === 'string') {
    choice('budget', Object.keys(PRESETS), budget, undefined, 'invalid_budget');
    slots[base + SLOT.budget] = 0;
    slots[base + SLOT.budgetValues] = PRESETS[budget];
    return;
  }
  if (typeof budget !== 'object' || budget === null) throw new SlicerError('invalid_budget', 'No budget was given.');
  let given = '';
  for (const key in budget) {
    if ((budget as Record<string, unknown>)[key] === undefined) continue;
    const kind = (METHOD as readonly string[]).includes(key) ? 'method' : key;
    if (kind !== 'method' && !(SINGLE as readonly string[]).includes(kind)) {
      throw new SlicerError('invalid_budget', `Unknown budget ${key}.`);
    }
    if (given !== '' && given !== kind) throw new SlicerError('invalid_budget', 'More than one budget was given.');
    given = kind;
    const value = (budget as Record<string, unknown>)[key];
    const slot = kind === 'method' ? (METHOD as readonly string[]).indexOf(key) : 0;
    slots[base + SLOT.budgetValues + slot] = key === 'lossless' ? flag(value) : inRange(key, value);
  }
  if (given === '') throw new SlicerError('invalid_budget', 'No budget was given.');
  if (given === 'method' && Number.isNaN(slots[base + SLOT.budgetValues + 3])) {
    throw new SlicerError('invalid_budget', 'The method needs a distortion.');
  }
  slots[base + SLOT.budget] = (BUDGETS as readonly string[]).indexOf(given);
}

function flag(value: unknown): number {
  if (value !== true) throw new SlicerError('invalid_budget', 'lossless can only be true.');
  return 1;
}

/** Accepts what the core would, so that a refusal can say which number was wrong and what is allowed. */
function inRange(key: string, value: unknown): number {
  const range = RANGES[key] ?? FROM_ZERO;
  if (typeof value !== 'number' || !Number.isFinite(value) || !range.has(value)) {
    throw new SlicerError('invalid_budget', `${key} must be ${range.text}; it is ${String(value)}.`);
  }
  return value;
}

function limit(key: string, value: number | undefined): number {
  if (value === undefined) return Number.NaN;
  if (typeof value !== 'number' || !(value >= 0)) {
    throw new SlicerError('invalid_option', `${key} must be a number, not negative; it is ${String(value)}.`);
  }
  return Math.min(value, Number.MAX_SAFE_INTEGER);
}

function choice(
  key: string,
  names: readonly string[],
  value: string | undefined,
  fallback: string | undefined,
  code = 'invalid_option',
): number {
  const index = names.indexOf((value ?? fallback) as string);
  if (index < 0) throw new SlicerError(code, `${key} must be one of ${names.join(', ')}; it is ${String(value)}.`);
  return index;
}
