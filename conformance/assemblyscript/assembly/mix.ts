/**
 * § 18.1 and § 18.2: the binary range coder, probabilities and their mix.
 */

import { check, E } from './errors';
import { Reader } from './reader';

const Q: StaticArray<i32> = [
  22, 36, 60, 98, 162, 267, 440, 720, 1179, 1919, 3108, 4971, 7812, 11956, 17625, 24743, 32768, 40793, 47911, 53580,
  57724, 60565, 62428, 63617, 64357, 64816, 65096, 65269, 65374, 65438, 65476, 65500, 65514,
];
const STRETCH = new StaticArray<i16>(4096);
const LARGEST: i32 = 2047;
const WEIGHT: i64 = 1 << 20;

let reached = -LARGEST;
for (let q = 0; q < 4096; q++) {
  while (reached < LARGEST && squash(reached) >> 4 < q) reached++;
  STRETCH[q] = i16(reached);
}

function squash(x: i32): i32 {
  const y = max(-LARGEST, min(LARGEST, x)) + 2048;
  const i = y / 128;
  const w = y % 128;
  return (Q[i] * (128 - w) + Q[i + 1] * w + 64) >> 7;
}

/** R[n]. */
export function rate(n: u32): u32 {
  const d = 10 * n + 16;
  return (1310720 + d) / (2 * d);
}

/** § 18.2 Slots: probabilities of 22 bits with counts. */
export class Slots {
  p: StaticArray<u32>;
  private n: StaticArray<u8>;

  constructor(count: u32) {
    this.p = new StaticArray<u32>(count);
    this.n = new StaticArray<u8>(count);
  }

  reset(): void {
    for (let i = 0; i < this.p.length; i++) {
      this.p[i] = 1 << 21;
      this.n[i] = 0;
    }
  }

  update(i: u32, bit: u32): void {
    const target = i64(bit) << 22;
    const p = i64(this.p[i]);
    this.p[i] = u32(min(p + (((target - p) * rate(this.n[i])) >> 16), (1 << 22) - 1));
    this.n[i] = u8(min<u32>(u32(this.n[i]) + 1, 255));
  }
}

/** § 18.1 over one segment, all of r. */
export class RangeDecoder {
  private range: u32 = 0xffffffff;
  private code: u32 = 0;
  private taken: u64 = 0;

  constructor(private r: Reader) {
    for (let i = 0; i < 4; i++) this.code = (this.code << 8) | this.next();
  }

  private next(): u32 {
    this.taken++;
    return this.r.left() ? this.r.u8() : 0;
  }

  /** A decision whose probability of a one is p / 65536. */
  bit(p: u32): u32 {
    const bound = (this.range >> 16) * p;
    let bit: u32 = 0;
    if (this.code < bound) {
      bit = 1;
      this.range = bound;
    } else {
      this.code -= bound;
      this.range -= bound;
    }
    while (this.range < 1 << 24) {
      this.range <<= 8;
      this.code = (this.code << 8) | this.next();
    }
    return bit;
  }

  /** A slot by itself. */
  alone(slots: Slots, i: u32): u32 {
    const bit = this.bit(max<u32>(32, min<u32>(65504, slots.p[i] >> 6)));
    slots.update(i, bit);
    return bit;
  }

  /** § 18.1 The end of the segment, whose bytes are `length`. */
  finish(start: u32): void {
    const length = this.r.end - start;
    check(this.taken >= length, E.CORRUPT, start);
    check(length === 0 || load<u8>(this.r.data + this.r.end - 1) !== 0, E.CORRUPT, start);
  }
}

/** § 18.2 Weights: sets of n; one mix at a time. */
export class Mixer {
  w: StaticArray<i32>;
  /** The slots of the mix at hand. */
  slot: StaticArray<u32>;
  private x: StaticArray<i32>;

  constructor(
    private n: u32,
    sets: u32,
    private shift: u32,
  ) {
    this.w = new StaticArray<i32>(n * sets);
    this.slot = new StaticArray<u32>(n);
    this.x = new StaticArray<i32>(n);
  }

  /** Decodes one bit with the slots in `slot` and one set of weights. */
  bit(coder: RangeDecoder, slots: Slots, set: u32): u32 {
    const base = set * this.n;
    let sum: i64 = 0;
    for (let i: u32 = 0; i < this.n; i++) {
      this.x[i] = STRETCH[slots.p[this.slot[i]] >> 10];
      sum += i64(this.w[base + i]) * this.x[i];
    }
    const s = i32(max<i64>(-LARGEST, min<i64>(LARGEST, sum >> 16)));
    const p = max(32, min(65504, squash(s)));
    const bit = coder.bit(p);
    const error = 65536 * i32(bit) - p;
    for (let i: u32 = 0; i < this.n; i++) {
      const change = (error * this.x[i] + (1 << (this.shift - 1))) >> this.shift;
      this.w[base + i] = i32(max(-WEIGHT, min(WEIGHT, i64(this.w[base + i]) + change)));
      slots.update(this.slot[i], bit);
    }
    return bit;
  }
}
