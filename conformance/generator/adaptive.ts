/** Classes of channels that follow the levels (§ 19.1). */
import { rate } from './probability.ts';

/** What a stream's ends know of its channels. */
export class ChannelState {
  /** Rows seen, at most 63. */
  n = 0;
  a: number[];

  constructor(channels: number) {
    this.a = Array<number>(channels).fill(0);
  }

  copy(): ChannelState {
    const out = new ChannelState(0);
    out.n = this.n;
    out.a = [...this.a];
    return out;
  }

  /** The class integers for the next row. */
  integers(): number[] {
    return this.a.map((a) => (this.n === 0 ? 0 : clamp(Math.floor((a + 128) / 256) - 8)));
  }

  /** Takes a row's levels. */
  learn(row: readonly number[]): void {
    const seen = row.map((level) => quarterOctaves(4 * Math.min(Math.abs(level), 65535) + 1));
    if (this.n === 0) {
      const mean = Math.floor(seen.reduce((a, b) => a + b, 0) / seen.length);
      this.a = seen.map(() => 256 * mean);
    }
    this.a = this.a.map((a, c) => a + Math.floor(((256 * seen[c] - a) * rate(this.n)) / 65536));
    this.n = Math.min(this.n + 1, 63);
  }
}

function clamp(value: number): number {
  return Math.max(-63, Math.min(63, value));
}

function quarterOctaves(v: number): number {
  const t = v.toString(2).length - 1;
  return 4 * t + Math.floor((v * 4) / 2 ** t) - 4;
}

/** The class integers of every row of a body, and the state behind it. */
export function followRows(state: ChannelState, levels: readonly number[], channels: number) {
  const now = state.copy();
  const rows: number[][] = [];
  for (let at = 0; channels > 0 && at < levels.length; at += channels) {
    rows.push(now.integers());
    now.learn(levels.slice(at, at + channels));
  }
  return { rows, after: now };
}
