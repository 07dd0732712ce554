/** Exit codes, and errors as people and programs read them. */
import { CommanderError } from 'commander';
import { SlicerError } from '../codec/errors.js';

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

/** What `--json` prints for an error. */
export function errorAsJson(error: unknown): string {
  if (error instanceof SlicerError) {
    const { code, offset, message, advice } = error;
    return JSON.stringify({ error: { code, offset, message, advice } });
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
    return `slicer: ${error.code}${at}: ${error.message}\n${error.advice ? `  ${error.advice}\n` : ''}`;
  }
  return `slicer: defect: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}
