/**
 * § 7 Bins.
 */

import { check, E, failed } from './errors';
import { Reader, unzigzag } from './reader';

const SPAN: i64 = 1 << 31;

export class Bins {
  count: u32 = 0;
  lower: StaticArray<i32> = new StaticArray<i32>(256);
  bits: StaticArray<u8> = new StaticArray<u8>(256);
  stride: StaticArray<u32> = new StaticArray<u32>(256);
  delta: StaticArray<i8> = new StaticArray<i8>(256);
  /** Distance of each token from the zero token, at most 63. */
  rank: StaticArray<u8> = new StaticArray<u8>(256);
  /** Whether a bin has bits > 0. */
  offsets: bool = false;
  /** One past the last extent. */
  private next: i64 = -SPAN;
  private zero: i32 = -1;

  read(r: Reader): void {
    const head = r.u8();
    const listed = head & 3;
    r.must(listed < 2 && head >> (listed ? 2 : 5) === 0, E.UNSUPPORTED_FEATURE);
    if (failed()) return;
    if (listed) this.list(r);
    else this.uniform(r, (head >> 2) & 3, (head & 16) !== 0);
    const last = i32(this.count) - 1;
    for (let t: i32 = 0; t <= last; t++) this.rank[t] = u8(min(abs(t - (this.zero < 0 ? last : this.zero)), 63));
  }

  /** Whether every bin has stride 1 and delta 0. */
  plain(): bool {
    for (let t: u32 = 0; t < this.count; t++) if (this.stride[t] !== 1 || this.delta[t] !== 0) return false;
    return true;
  }

  private add(lower: i64, bits: u32, stride: u32, delta: i32, at: u32): void {
    const width = u64(stride) << bits;
    check(bits <= 32 && stride > 0 && width <= 2 * SPAN, E.BAD_BINS, at);
    check(lower >= this.next && lower + i64(width) <= SPAN, E.BAD_BINS, at);
    if (failed()) return;
    const t = this.count++;
    this.lower[t] = i32(lower);
    this.bits[t] = u8(bits);
    this.stride[t] = stride;
    this.delta[t] = i8(delta);
    this.next = lower + i64(width);
    if (bits) this.offsets = true;
    if (this.zero < 0 && this.next > 0) this.zero = i32(t);
  }

  private uniform(r: Reader, shrinks: u32, symmetric: bool): void {
    const at = r.at;
    const positive = r.varint();
    const positiveEscapes = r.u8();
    const negative = symmetric ? positive : r.varint();
    const negativeEscapes = symmetric ? positiveEscapes : r.u8();
    const first = r.u8();
    r.must(max(first, max(positiveEscapes, negativeEscapes)) <= 32, E.BAD_BINS);
    const shrink = new StaticArray<i32>(4);
    let extreme = false;
    for (let i: u32 = 1; i <= shrinks; i++) {
      shrink[i] = r.i8();
      extreme = extreme || shrink[i] === -128;
    }
    r.must(!extreme, E.BAD_BINS);
    check(u32(first) + max(positiveEscapes, negativeEscapes) <= 32, E.BAD_BINS, at);
    check(u64(positive) + negative + positiveEscapes + negativeEscapes + 1 <= 256, E.BAD_BINS, at);
    if (failed()) return;
    for (let j = i32(negativeEscapes) - 1; j >= 0; j--) {
      this.add(1 - beyond(negative, first, j + 1), first + j, 1, 0, at);
    }
    for (let i = -i32(negative); i <= i32(positive); i++) {
      const s = abs(i) <= i32(shrinks) ? shrink[abs(i)] : 0;
      this.add(i, 0, 1, i > 0 ? -s : s, at);
    }
    for (let j: i32 = 0; j < i32(positiveEscapes); j++) this.add(beyond(positive, first, j), first + j, 1, 0, at);
  }

  private list(r: Reader): void {
    const count = r.varint();
    r.must(count >= 1 && count <= 256, E.BAD_BINS);
    for (let i: u32 = 0; i < count && !failed(); i++) {
      const gap = r.varint();
      const at = r.at;
      const flags = r.u8();
      const stride = flags & 64 ? r.varint() : 1;
      const delta = flags & 128 ? r.i8() : 0;
      this.add(i ? this.next + gap : unzigzag(gap), flags & 63, stride, delta, at);
    }
  }
}

/** Where the positive escape j begins. */
function beyond(units: u32, first: u32, j: i32): i64 {
  return i64(units) + 1 + (((i64(1) << j) - 1) << first);
}
