/** Exit codes, and errors as people and programs read them. */
import { CommanderError } from 'commander';
import { SlicerError } from '../codec/errors.js';
import { BUDGET_ADVICE } from './budget.js';

/** Exit codes of the command line. 1 is kept for defects of the program itself. */
export const Exit = { ok: 0, defect: 1, usage: 2, badData: 3, limit: 4 } as const;

/** Codes that mean "the command was wrong": an option, a name, a path. */
const USAGE = new Set(['invalid_option', 'invalid_budget', 'unknown_tensor', 'not_a_cut', 'io_error']);
/** Codes that mean "more than is allowed". */
const LIMIT = new Set(['limit_exceeded', 'budget_unreachable']);

/** The exit code for an error. Every code that is not about usage or limits is about the data. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.ok : Exit.usage;
  if (!(error instanceof SlicerError) || error.code === 'internal') return Exit.defect;
  if (USAGE.has(error.code)) return Exit.usage;
  return LIMIT.has(error.code) ? Exit.limit : Exit.badData;
}

/** The codec's advice names options of the API; here they are flags. */
const FLAG_ADVICE: readonly (readonly [code: string, names: string, advice: string])[] = [
  ['invalid_budget', '{ nrmse }', BUDGET_ADVICE],
  [
    'non_finite',
    '{ lossless: true }',
    'Replace NaN and infinity, or encode with --lossless, which keeps them bit for bit.',
  ],
  [
    'limit_exceeded',
    'maxBytes',
    'Raise --max-bytes or --max-work if you trust the source; otherwise treat the input as hostile.',
  ],
  ['invalid_option', 'EncodeOptions', 'See slicer encode --help.'],
];

function adviceOf({ code, advice }: SlicerError): string {
  return FLAG_ADVICE.find(([c, names]) => c === code && advice.includes(names))?.[2] ?? advice;
}

/** What `--json` prints for an error. */
export function errorAsJson(error: unknown): string {
  if (error instanceof SlicerError) {
    const { code, offset, message } = error;
    return JSON.stringify({ error: { code, offset, message, advice: adviceOf(error) } });
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof CommanderError ? 'invalid_option' : 'internal';
  const advice = code === 'internal' ? 'This is a defect: please report it.' : 'See slicer --help.';
  return JSON.stringify({ error: { code, offset: 0, message, advice } });
}

/** What is printed for an error otherwise. Commander has printed its own already. */
export function errorAsText(error: unknown): string {
  if (error instanceof CommanderError) return '';
  if (error instanceof SlicerError) {
    // Offset 0 of an argument says nothing; of a file it is in the message or the advice.
    const at = error.offset > 0 ? ` (byte ${error.offset})` : '';
    const advice = adviceOf(error);
    return `slicer: ${error.code}${at}: ${error.message}\n${advice ? `  ${advice}\n` : ''}`;
  }
  return `slicer: defect: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}
