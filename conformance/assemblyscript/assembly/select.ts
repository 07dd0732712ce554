/**
 * § 9 Table selection: integers per row and channel (§ 9.1, used by § 10 too) and contexts (§ 9.2).
 */

import { E, failed } from './errors';
import { Reader } from './reader';

/** One integer per row, in every body, and one per channel, in the setup; 0 where there is none. */
export class Codes {
  perRow: bool = false;
  private rows: StaticArray<i8> = new StaticArray<i8>(0);
  private channels: StaticArray<i8> = new StaticArray<i8>(0);

  constructor(private limit: i32) {}

  /** The integers of the channels, from elsewhere. */
  give(channels: StaticArray<i8>): void {
    this.channels = channels;
  }

  /** Flags up to `most`. */
  read(r: Reader, channels: u32, most: u32): void {
    const flags = r.u8();
    r.must(flags >= 1 && flags <= most, E.UNSUPPORTED_FEATURE);
    this.perRow = (flags & 1) !== 0;
    if (flags & 2 && !failed()) this.channels = r.classes(channels, this.limit);
  }

  /** The row integers of one body. */
  readRows(r: Reader, rows: u32): void {
    if (this.perRow) this.rows = r.classes(rows, this.limit);
  }

  row(i: u32): i32 {
    return this.rows.length ? this.rows[i] : 0;
  }

  channel(i: u32): i32 {
    return this.channels.length ? this.channels[i] : 0;
  }
}

export class Contexts {
  count: u32 = 1;
  /** The context by the sum of two ranks. */
  bySum: StaticArray<u8> = new StaticArray<u8>(127);

  read(r: Reader): void {
    const n = r.u8();
    r.must(n >= 1 && n <= 7, E.CORRUPT);
    let last: u32 = 0;
    for (let i: u32 = 0; i < n && !failed(); i++) {
      const threshold = r.u8();
      r.must(threshold > last && threshold <= 126, E.CORRUPT);
      for (let sum = threshold; sum <= 126; sum++) this.bySum[sum]++;
      last = threshold;
    }
    this.count = n + 1;
  }
}
