// Finished results on disk, one JSON object a line, so that a run that was stopped goes on where it was.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Values by key; a key names everything its value depends on. */
export class Store {
  #values = new Map();

  constructor(path) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) return;
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      try {
        const { key, value } = JSON.parse(line);
        this.#values.set(key, value);
      } catch {
        // The last line of a run that was stopped while writing it.
      }
    }
  }

  /** The stored value, or the result of `compute`, which is then stored. */
  async get(parts, compute) {
    const key = parts.join(' | ');
    if (!this.#values.has(key)) {
      const value = await compute();
      appendFileSync(this.path, `${JSON.stringify({ key, value })}\n`);
      this.#values.set(key, value);
    }
    return this.#values.get(key);
  }
}
