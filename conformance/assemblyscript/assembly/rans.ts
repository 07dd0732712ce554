/**
 * § 12 Segments, lanes and rANS.
 */

import { Body } from './body';
import { check, E, failed } from './errors';
import { Reader } from './reader';
import { Feature, Setup } from './setup';
import { Trellis } from './trellis';
import { Output } from './values';

const LOWER: u32 = 1 << 15;

export class Coder {
  private state: StaticArray<u32> = new StaticArray<u32>(32);
  /** Addresses of the next word and the end of each stream. */
  private word: StaticArray<usize> = new StaticArray<usize>(4);
  private end: StaticArray<usize> = new StaticArray<usize>(4);
  private table: StaticArray<u32> = new StaticArray<u32>(32);
  private tokens: StaticArray<u8>;
  private lanes: u32;
  /** § 17; null without. */
  private trellis: Trellis | null = null;
  /** The offset section; read along with the tokens where there is a trellis. */
  private offsets: Reader | null = null;

  constructor(
    private setup: Setup,
    private body: Body,
    private output: Output,
    values: u32,
  ) {
    this.tokens = new StaticArray<u8>(i32(values));
    this.lanes = setup.lanes;
    if (setup.has(Feature.TRELLIS)) this.trellis = new Trellis();
  }

  /** Decodes one segment, which is all of r. */
  segment(r: Reader, first: u32, planes: u32): void {
    if (this.lanes === 1) this.single(r);
    else this.streams(r);
    if (failed()) return;
    const trellis = this.trellis;
    if (trellis) trellis.reset();
    this.offsets = r;
    this.values(first, planes);
    for (let s: u32 = 0; s < (this.lanes + 7) / 8; s++) check(this.word[s] === this.end[s], E.CORRUPT, r.pos);
    const last = this.lanes === 1 ? 1 : LOWER;
    for (let l: u32 = 0; l < this.lanes; l++) check(this.state[l] === last, E.CORRUPT, r.pos);
    if (failed() || this.lanes === 1) return;
    const bits = this.setup.bins.bits;
    for (let i: u32 = 0; i < planes * this.body.area && !trellis && !failed(); i++) {
      const token = this.tokens[i];
      this.put(token, r.bits(bits[token]), 0);
    }
    r.pad();
    check(r.left() === 0, E.CORRUPT, r.pos);
  }

  /** § 12.3 The beginning of a segment of one lane. */
  private single(r: Reader): void {
    const low = r.u8() | (r.u8() << 8) | (r.u8() << 16);
    this.state[0] = r.left() & 1 ? low | (r.u8() << 24) : low;
    check(this.state[0] >> 31 === 0, E.CORRUPT, r.pos);
    this.word[0] = r.data + r.pos;
    this.end[0] = r.data + r.end;
  }

  /** § 12.4 The beginning of a segment of several lanes; leaves r at the offset section. */
  private streams(r: Reader): void {
    const count = (this.lanes + 7) / 8;
    const each = min(this.lanes, 8);
    const offsets = this.setup.bins.offsets;
    const lengths = new StaticArray<u32>(4);
    for (let s: u32 = 0; s < count; s++) if (offsets || s + 1 < count) lengths[s] = r.varint();
    for (let s: u32 = 0; s < count && !failed(); s++) {
      const length = offsets || s + 1 < count ? lengths[s] : r.left();
      check(length % 2 === 0 && length >= each * 4 && length <= r.left(), E.CORRUPT, r.pos);
      if (failed()) return;
      this.end[s] = r.data + r.pos + length;
      for (let l: u32 = 0; l < each; l++) {
        this.state[s * 8 + l] = r.u32();
        check(this.state[s * 8 + l] - LOWER < (1 << 31) - LOWER, E.CORRUPT, r.pos);
      }
      this.word[s] = r.data + r.pos;
      r.skip(length - each * 4);
    }
  }

  /** § 12.1 The tokens: with contexts in groups of planes, a lane each; without them in scan order. */
  private values(first: u32, planes: u32): void {
    const body = this.body;
    const rank = this.setup.bins.rank;
    const bySum = this.setup.contexts.bySum;
    const contexts = this.setup.has(Feature.CONTEXTS);
    const group = contexts ? this.lanes : 1;
    for (let plane: u32 = 0; plane < planes; plane += group) {
      const size = min(group, planes - plane);
      for (let l: u32 = 0; l < size; l++) this.table[l] = body.table(first + plane + l);
      for (let k: u32 = 0; k < body.area; k++) {
        for (let l: u32 = 0; l < size; l++) {
          const i = (plane + l) * body.area + k;
          let context: u32 = 0;
          if (contexts) {
            const left = k % body.width ? u32(rank[this.tokens[i - 1]]) : 0;
            const up = k >= body.width ? u32(rank[this.tokens[i - body.width]]) : 0;
            context = bySum[left + up];
          }
          const lane = contexts ? l : i % this.lanes;
          const trellis = this.trellis;
          const union = trellis ? trellis.union(lane, (first + plane) / body.channels) : 0;
          this.value(i, lane, this.table[l] + context + union, union, first + plane + l);
          if (failed()) return;
        }
      }
    }
  }

  /** § 12.2 Decodes the token of value i of the segment; with one lane its offset too. */
  private value(i: u32, lane: u32, table: u32, union: u32, plane: u32): void {
    const tables = this.setup.tables;
    const p = tables.precision;
    const x = this.state[lane];
    const slot = x & ((1 << p) - 1);
    const token = u32(tables.slots[(table << p) | slot]);
    const entry = table * 256 + token;
    this.tokens[i] = u8(token);
    this.refill(lane, u32(tables.frequency[entry]) * (x >> p) + slot - tables.start[entry]);
    const trellis = this.trellis;
    if (this.lanes > 1 && !trellis) return;
    const bits = u32(this.setup.bins.bits[token]);
    if (this.lanes > 1) {
      const level = this.put(token, this.offsets!.bits(bits), union);
      trellis!.after(lane, level);
      return;
    }
    let offset: u32 = 0;
    for (let done: u32 = 0; done < bits; done += 15) {
      const n = min(15, bits - done);
      offset |= (this.state[0] & ((1 << n) - 1)) << done;
      this.refill(0, this.state[0] >> n);
    }
    const level = this.put(token, offset, union);
    if (trellis) trellis.after(0, level);
    const state = this.body.state;
    if (state) state.after(plane % this.body.channels, level);
  }

  /** Hands on a value; returns its level. */
  private put(token: u32, offset: u32, union: u32): i64 {
    const bins = this.setup.bins;
    const stride = i64(bins.stride[token]);
    const level = i64(bins.lower[token]) + i64(offset) * stride;
    this.output.put(level, stride, bins.delta[token], union);
    return level;
  }

  /** Sets a lane's state, after taking a word if it is low. */
  private refill(lane: u32, x: u32): void {
    const s = lane >> 3;
    const left = this.word[s] < this.end[s];
    check(x >= LOWER || left || this.lanes === 1, E.CORRUPT, 0);
    if (x < LOWER && left) {
      x = (x << 16) | load<u16>(this.word[s]);
      this.word[s] += 2;
    }
    this.state[lane] = x;
  }
}
