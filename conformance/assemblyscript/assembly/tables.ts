/**
 * § 8 Tables: inline (§ 8.1) or from the built-in family (§ 8.2), normalised (§ 8.3).
 */

import { Bins } from './bins';
import { check, E, failed } from './errors';
import { Reader } from './reader';

const QUARTERS: StaticArray<u64> = [32768, 38968, 46341, 55109];

export class Tables {
  /** Where the number of tables is written. */
  at: u32 = 0;
  count: u32 = 0;
  precision: u32 = 12;
  /** By table · 256 + token. */
  frequency: StaticArray<u16> = new StaticArray<u16>(0);
  start: StaticArray<u16> = new StaticArray<u16>(0);
  /** The token of each slot, by table · 2^precision + slot. */
  slots: StaticArray<u8> = new StaticArray<u8>(0);

  /** With a trellis tables come in pairs, one for each union. */
  read(r: Reader, bins: Bins, pairs: bool): void {
    const head = r.u8();
    r.must((head & 3) < 2 && head < 16, E.UNSUPPORTED_FEATURE);
    this.precision = 12 - (head >> 2);
    const count = r.varint();
    r.must(count >= 1 && count <= 128 && !(pairs && count & 1), E.BAD_TABLE);
    if (failed()) return;
    this.at = r.at;
    this.count = count;
    this.frequency = new StaticArray<u16>(count * 256);
    this.start = new StaticArray<u16>(count * 256);
    this.slots = new StaticArray<u8>(count << this.precision);
    if (head & 1) this.family(r, bins, pairs);
    else this.inline(r, bins.count);
  }

  private inline(r: Reader, tokens: u32): void {
    const logs = new StaticArray<i64>(256);
    const weights = new StaticArray<u64>(256);
    for (let t: u32 = 0; t < this.count; t++) {
      const previous = r.bits(1);
      const at = r.at;
      r.must(t > 0 || previous === 0, E.CORRUPT);
      r.list();
      let any = false;
      for (let i: u32 = 0; i < tokens; i++) {
        const q = r.residual() + (previous ? logs[i] : i ? logs[i - 1] : 0);
        r.must(q >= 0 && q <= 49, E.BAD_TABLE);
        if (failed()) return;
        logs[i] = q;
        weights[i] = q ? QUARTERS[i32(q - 1) & 3] << ((q - 1) >> 2) : 0;
        if (q) any = true;
      }
      check(any, E.BAD_TABLE, at);
      if (failed()) return;
      this.fill(t, weights, tokens);
    }
    r.pad();
  }

  private family(r: Reader, bins: Bins, pairs: bool): void {
    const shape = r.u8();
    r.must(shape <= 3, E.BAD_TABLE);
    const first = r.u8();
    r.must(first <= 47, E.BAD_TABLE);
    const increment = r.u8();
    r.must(first + ((this.count - 1) >> u32(pairs)) * increment <= 47, E.BAD_TABLE);
    if (failed()) return;
    const weights = new StaticArray<u64>(256);
    for (let t: u32 = 0; t < this.count; t++) {
      const s = first + (pairs ? t >> 1 : t) * increment;
      const union = pairs && t & 1;
      const v = (((u64(4) << shape) - 1) * (s & 1 ? 1448 : 1024)) << (s >> 1);
      for (let i: u32 = 0; i < bins.count; i++) {
        const lower = i64(bins.lower[i]);
        const next = lower + (i64(bins.stride[i]) << bins.bits[i]);
        const low = union ? edgeOfUnion(lower) : 16 * lower - 8;
        const span = (union ? edgeOfUnion(next) : 16 * next - 8) - low;
        let sum: u64 = 0;
        for (let j: i64 = 0; j < 8; j++) {
          const x = u64(min(abs(low + (((2 * j + 1) * span) >> 4)), 1 << 19));
          let r = (v << 24) / (v + 256 * x * x);
          for (let k: u32 = 0; k <= shape; k++) r = (r * r) >> 24;
          sum += r;
        }
        weights[i] = max(1, (sum * u64(span)) >> 4);
      }
      this.fill(t, weights, bins.count);
    }
  }

  /** § 8.3 Makes the weights of table t, of which one is not 0, frequencies and slots. */
  private fill(t: u32, weights: StaticArray<u64>, tokens: u32): void {
    const p = this.precision;
    const base = t * 256;
    let total: u64 = 0;
    for (let i: u32 = 0; i < tokens; i++) total += weights[i];
    const z = max(0, 16 - i64(clz(total)));
    total = 0;
    for (let i: u32 = 0; i < tokens; i++) {
      if (weights[i]) weights[i] = max(1, weights[i] >> z);
      total += weights[i];
    }
    let rest: i32 = 1 << p;
    for (let i: u32 = 0; i < tokens; i++) {
      const f = weights[i] ? max(1, ((weights[i] << (p + 1)) + total) / (2 * total)) : 0;
      this.frequency[base + i] = u16(f);
      rest -= i32(f);
    }
    while (rest !== 0) {
      let largest = base;
      for (let i = base; i < base + tokens; i++) if (this.frequency[i] > this.frequency[largest]) largest = i;
      const f = i32(this.frequency[largest]);
      const change = rest > 0 ? rest : -min(-rest, f >> 1);
      this.frequency[largest] = u16(f + change);
      rest -= change;
    }
    let slot: u32 = 0;
    for (let i: u32 = 0; i < tokens; i++) {
      this.start[base + i] = u16(slot);
      const end = slot + this.frequency[base + i];
      while (slot < end) this.slots[(t << p) + slot++] = u8(i);
    }
  }
}

/** § 8.2 The lower edge of a level of union 1, in 1/16 step. */
function edgeOfUnion(k: i64): i64 {
  if (k >= 2) return 16 * k - 16;
  if (k === 1) return 4;
  return k === 0 ? -4 : 16 * k;
}
