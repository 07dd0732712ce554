/**
 * § 19.1 Adaptive classes: what the levels of a stream say of its channels.
 */

import { rate } from './mix';

const MOST: u32 = 63;

export class Adaptive {
  n: u32 = 0;
  a: StaticArray<i32>;
  private o: StaticArray<i32>;

  constructor(channels: u32) {
    this.a = new StaticArray<i32>(channels);
    this.o = new StaticArray<i32>(channels);
  }

  copy(): Adaptive {
    const other = new Adaptive(this.a.length);
    other.n = this.n;
    for (let c = 0; c < this.a.length; c++) other.a[c] = this.a[c];
    return other;
  }

  reset(): void {
    this.n = 0;
  }

  /** The class integer of a channel. */
  integer(channel: u32): i32 {
    if (this.n === 0) return 0;
    return max(-63, min(63, ((this.a[channel] + 128) >> 8) - 8));
  }

  /** Takes the level of a channel; the last one of a row moves the state on. */
  after(channel: u32, level: i64): void {
    const v = u32(4 * min<i64>(abs(level), 65535) + 1);
    const t = 31 - clz(v);
    this.o[channel] = 4 * t + i32((v * 4) >> t) - 4;
    if (channel + 1 < u32(this.a.length)) return;
    if (this.n === 0) {
      let sum: i64 = 0;
      for (let c = 0; c < this.o.length; c++) sum += this.o[c];
      const mean = i32(sum / this.o.length);
      for (let c = 0; c < this.o.length; c++) this.a[c] = 256 * mean;
    }
    const r = i32(rate(this.n));
    for (let c = 0; c < this.o.length; c++) this.a[c] += ((256 * this.o[c] - this.a[c]) * r) >> 16;
    this.n = min(this.n + 1, MOST);
  }
}
