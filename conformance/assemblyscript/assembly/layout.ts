/**
 * § 6 Layout: the coding view [rows, channels, H, W] of a tensor.
 */

import { check, E, failed } from './errors';
import { Reader } from './reader';

export class Layout {
  /** The memory axis of each scan axis. */
  axes: StaticArray<u32> = new StaticArray<u32>(8);
  /** The scan axes where channels, H and W begin; rows begin at 0. */
  channels: u32 = 0;
  height: u32 = 0;
  width: u32 = 0;

  constructor(public rank: u32) {}

  /** The size of the group of scan axes from … to − 1. */
  size(dims: StaticArray<u32>, from: u32, to: u32): u32 {
    let product: u32 = 1;
    for (let i = from; i < to; i++) product *= dims[this.axes[i]];
    return product;
  }

  /** Code 0 … 3 of the coding head, which was read last; with `varies`, axis 0 has to be a row axis. */
  read(r: Reader, code: u32, varies: bool): void {
    const at = r.at;
    const rank = this.rank;
    check(code === 0 || code === 3 || rank >= 3, E.BAD_DIMS, at);
    if (failed()) return;
    for (let i: u32 = 0; i < rank; i++) this.axes[i] = code === 2 && i > 0 ? (i === 1 ? rank - 1 : i - 1) : i;
    if (code === 3) {
      this.explicit(r);
    } else {
      this.channels = code ? 1 : rank ? rank - 1 : 0;
      this.height = code ? 2 : rank;
      this.width = code ? rank - 1 : rank;
    }
    let first = !varies;
    for (let i: u32 = 0; i < this.channels && !failed(); i++) if (this.axes[i] === 0) first = true;
    check(first, E.BAD_DIMS, at);
  }

  private explicit(r: Reader): void {
    let seen: u32 = 0;
    for (let i: u32 = 0; i < this.rank && !failed(); i++) {
      const axis = r.u8();
      r.must(axis < this.rank && ((seen >> axis) & 1) === 0, E.BAD_DIMS);
      seen |= 1 << axis;
      this.axes[i] = axis;
    }
    this.channels = r.u8();
    r.must(this.channels <= this.rank, E.BAD_DIMS);
    this.height = this.channels + r.u8();
    r.must(this.height <= this.rank, E.BAD_DIMS);
    this.width = this.height + r.u8();
    r.must(this.width <= this.rank, E.BAD_DIMS);
  }
}
