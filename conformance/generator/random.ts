/** Random numbers from integer arithmetic only, so that the vectors are the same on every machine. */

/** A stream of random numbers that a name and a seed determine. */
export class Random {
  private state: number;

  constructor(seed: number, name: string) {
    let state = seed >>> 0;
    for (const c of name) state = (Math.imul(state ^ c.charCodeAt(0), 0x01000193) + 0x9e3779b9) >>> 0;
    this.state = state;
  }

  /** 32 random bits. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let x = this.state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  }

  /** An integer, low ≤ x ≤ high. */
  between(low: number, high: number): number {
    return low + (this.next() % (high - low + 1));
  }

  /** A small signed integer, zero most often, sometimes as far out as `most`. */
  peaked(most: number): number {
    let magnitude = 0;
    while (magnitude < most && this.next() % 5 < 2) magnitude += 1;
    return this.next() & 1 ? magnitude : -magnitude || 0;
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    return list[this.next() % list.length];
  }

  /** A list of n. */
  list<T>(n: number, make: (i: number) => T): T[] {
    return Array.from({ length: n }, (_, i) => make(i));
  }
}
