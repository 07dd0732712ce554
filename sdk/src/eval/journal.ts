/** Finished results on disk, one JSON object a line, so that a run that was stopped goes on where it was. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Values by key; a key names everything its value depends on. */
export class Journal {
  private readonly values = new Map<string, unknown>();
  private cutOff = false;

  /** Opens or begins the file; without a path nothing is kept beyond this run. */
  constructor(readonly path?: string) {
    if (path === undefined) return;
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) return;
    const text = readFileSync(path, 'utf8');
    this.cutOff = text !== '' && !text.endsWith('\n');
    for (const line of text.split('\n')) {
      try {
        const { key, value } = JSON.parse(line) as { key: string; value: unknown };
        this.values.set(key, value);
      } catch {
        // The last line of a run that was stopped while writing it.
      }
    }
  }

  /** What was kept under a key, or `undefined`. */
  get<T>(key: string): T | undefined {
    return this.values.get(key) as T | undefined;
  }

  /** Keeps a result; it is on disk when this returns. */
  set(key: string, value: unknown): void {
    this.values.set(key, value);
    if (this.path === undefined) return;
    appendFileSync(this.path, `${this.cutOff ? '\n' : ''}${JSON.stringify({ key, value })}\n`);
    this.cutOff = false;
  }
}
