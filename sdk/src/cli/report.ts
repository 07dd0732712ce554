/** What a command says: a report on standard output (or standard error when that carries data), progress on standard error. */
import { STANDARD } from './files.js';

/** Options that every command has. */
export interface CommonOptions {
  json?: boolean;
  quiet?: boolean;
}

/** Inputs from this size on count as long work, and its stages are announced even where nobody watches a terminal. */
const LONG_WORK_BYTES = 16 * 2 ** 20;

export class Reporter {
  private shown = false;
  private long = false;

  constructor(
    private readonly options: CommonOptions,
    /** Where the data goes; a report must not get between. */
    private readonly output?: string,
  ) {}

  /** Tells how much work there is, before the first stage. */
  size(bytes: number): void {
    this.long = bytes >= LONG_WORK_BYTES;
  }

  /** Says what is being done. On a terminal each stage replaces the one before. */
  stage(text: string): void {
    if (this.options.json || this.options.quiet) return;
    const terminal = process.stderr.isTTY === true;
    if (terminal) process.stderr.write(`\r\x1b[K${text} …`);
    else if (this.long) process.stderr.write(`${text} …\n`);
    this.shown ||= terminal;
  }

  /** How far a stage has come. */
  progress(text: string, done: number, total: number): void {
    if (total > 0 && process.stderr.isTTY) this.stage(`${text} ${Math.floor((100 * done) / total)} %`);
  }

  /** The result: `json` for programs, `lines` for people. */
  result(json: unknown, lines: readonly string[]): void {
    this.clear();
    const stream = this.output === STANDARD ? process.stderr : process.stdout;
    if (this.options.json) stream.write(`${JSON.stringify(json, plainNumbers)}\n`);
    else if (!this.options.quiet) stream.write(`${lines.join('\n')}\n`);
  }

  /** Something the caller should know although the command succeeds. */
  warn(text: string): void {
    this.clear();
    if (!this.options.json) process.stderr.write(`slicer: warning: ${text}\n`);
  }

  /** Removes the progress line. */
  clear(): void {
    if (this.shown) process.stderr.write('\r\x1b[K');
    this.shown = false;
  }
}

/** JSON has no infinity; a string says it better than null. */
function plainNumbers(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** 1234567 → 1,234,567. */
export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Up to five significant digits; whole numbers in full. */
export function short(x: number): string {
  if (Number.isSafeInteger(x)) return count(x);
  return Number.isFinite(x) ? String(Number(x.toPrecision(5))) : String(x);
}

/** Rows of text with columns under each other; the columns named in `right` are set to the right. */
export function columns(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, i) => (right.has(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}

/** Text from a file, made safe for a terminal: control characters and direction marks as escapes. */
export function safe(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}
