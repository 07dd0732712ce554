/**
 * § 18.3 Contexts and § 18.4 levels of the dense coder.
 */

import { Body } from './body';
import { check, E, failed } from './errors';
import { Mixer, RangeDecoder, Slots } from './mix';
import { Reader } from './reader';
import { Feature, Setup } from './setup';
import { Trellis } from './trellis';
import { Output } from './values';

const CONTEXTS: StaticArray<u32> = [12, 64, 32, 64, 1024, 100, 256];
const NEAR: StaticArray<u32> = [1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 40];
/** Slots of one context: union bits times decisions. */
const EACH: u32 = 2 * 15;

/** Half octaves. */
function half(v: u32): u32 {
  if (v < 2) return 0;
  const t = 31 - clz(v);
  return 2 * t + ((v >> (t - 1)) & 1);
}

export class DenseCoder {
  private magnitudes: Slots = new Slots(1552 * EACH);
  private escapes: Slots = new Slots(30);
  /** By s, then by s and channel. */
  private signs: Slots = new Slots(9 + 9 * 1024);
  private mixer: Mixer = new Mixer(7, 4 * 2 * 4, 14);
  private signMixer: Mixer = new Mixer(2, 1, 15);
  private trellis: Trellis = new Trellis();
  private levels: StaticArray<i32>;
  /** Means: per channel if planes are single values, else of this plane. */
  private sums: StaticArray<u32>;
  private counts: StaticArray<u32>;
  /** Running value per place of the plane. */
  private running: StaticArray<i32>;
  private context: StaticArray<u32> = new StaticArray<u32>(7);
  // Neighbours of the value at hand: magnitudes, and signs to the left and above.
  private l: u32 = 0;
  private u: u32 = 0;
  private sign: u32 = 0;

  constructor(
    private setup: Setup,
    private body: Body,
    private output: Output,
    values: u32,
  ) {
    this.levels = new StaticArray<i32>(i32(values));
    const means = body.area > 1 ? 1 : body.channels;
    this.sums = new StaticArray<u32>(i32(means));
    this.counts = new StaticArray<u32>(i32(means));
    this.running = new StaticArray<i32>(i32(body.area));
  }

  private reset(): void {
    this.magnitudes.reset();
    this.escapes.reset();
    this.signs.reset();
    for (let i = 0; i < this.mixer.w.length; i++) this.mixer.w[i] = 12288;
    this.signMixer.w[0] = 16384;
    this.signMixer.w[1] = 32768;
    this.trellis.reset();
    this.clearMeans();
    this.running.fill(0);
  }

  private clearMeans(): void {
    this.sums.fill(0);
    this.counts.fill(1);
  }

  /** Decodes one segment, which is all of r. */
  segment(r: Reader, first: u32, planes: u32): void {
    const start = r.pos;
    const coder = new RangeDecoder(r);
    const body = this.body;
    const trellis = this.setup.has(Feature.TRELLIS);
    this.reset();
    for (let plane: u32 = 0; plane < planes; plane++) {
      const channel = (first + plane) % body.channels;
      const row = (first + plane) / body.channels;
      if (channel === 0) this.running.fill(0);
      if (body.area > 1) this.clearMeans();
      for (let k: u32 = 0; k < body.area; k++) {
        const i = plane * body.area + k;
        const union = trellis ? this.trellis.union(0, row) : 0;
        this.look(i, channel, k);
        const level = this.level(coder, channel, union);
        if (failed()) return;
        this.levels[i] = i32(level);
        this.learn(channel, k, u32(min<i64>(abs(level), 4095)));
        if (trellis) this.trellis.after(0, level);
        this.output.put(level, 1, 0, union);
        if (failed()) return;
      }
    }
    coder.finish(start);
  }

  /** The magnitude of value i, if it exists. */
  private magnitude(i: u32, exists: bool): u32 {
    return exists ? u32(min<i64>(abs(i64(this.levels[i])), 255)) : 0;
  }

  private sgn(i: u32, exists: bool): u32 {
    return exists ? u32(i32(this.levels[i] > 0) - i32(this.levels[i] < 0) + 1) : 1;
  }

  /** The contexts of value i of the segment, which is value k of its plane. */
  private look(i: u32, channel: u32, k: u32): void {
    const body = this.body;
    const single = body.area === 1;
    const width = single ? body.channels : body.width;
    const x = single ? channel : k % width;
    const y = single ? 0 : k / width;
    const height = single ? 1 : body.area / width;
    const left = x > 0 && i > 0;
    const up = single ? i >= width : y > 0;
    const ul = x > 0 && (single ? i >= width + 1 : y > 0);
    const ur = x + 1 < width && (single ? i + 1 >= width : y > 0);
    const far = single ? i64(2) * width : i64(body.area);
    const before = i64(i) >= far && (single || channel > 0);
    const l0 = this.magnitude(i - 1, left);
    const u0 = this.magnitude(i - width, up);
    const corners = this.magnitude(i - width - 1, ul) + this.magnitude(i - width + 1, ur);
    const l = left ? l0 : u0;
    const u = up ? u0 : l0;
    const c = this.magnitude(i - u32(far), before);
    const mean = single ? channel : 0;
    const m = min(15, half(u32((u64(32) * this.sums[mean] + 16) / this.counts[mean])));
    const running = u32(this.running[k]);
    const a = min(15, half(running >> 4));
    const b = (512 * (l + u) + 256 * corners + running) / 7;
    const sum: u32 = 2 * l + 2 * u + corners;
    let near: u32 = 0;
    for (let j = 0; j < NEAR.length; j++) if (NEAR[j] <= sum) near++;
    this.context[0] = near;
    this.context[1] = 4 * m + min(l + u, 3);
    this.context[2] = 4 * (a / 2) + min(c, 3);
    this.context[3] = 16 * min(l, 3) + 4 * min(u, 3) + min(corners, 3);
    this.context[4] = channel % 1024;
    this.context[5] = 10 * ((10 * m) / 16) + (10 * min(15, half(b >> 3))) / 16;
    this.context[6] = u32(16 * ((u64(16) * y) / max(16, height)) + (u64(16) * x) / max(16, width));
    this.l = l;
    this.u = u;
    this.sign = 3 * this.sgn(i - 1, left) + this.sgn(i - width, up);
  }

  /** § 18.4. */
  private level(coder: RangeDecoder, channel: u32, union: u32): i64 {
    const near = min(min(this.l, 3) + min(this.u, 3), 3);
    let magnitude: u32 = 0;
    while (magnitude < 15) {
      let base: u32 = 0;
      for (let j = 0; j < 7; j++) {
        this.mixer.slot[j] = (base + this.context[j]) * EACH + union * 15 + magnitude;
        base += CONTEXTS[j];
      }
      const set = (min(magnitude, 3) * 2 + union) * 4 + near;
      if (!this.mixer.bit(coder, this.magnitudes, set)) break;
      magnitude++;
    }
    if (magnitude === 0) return 0;
    if (magnitude === 15) magnitude = 14 + this.escape(coder);
    this.signMixer.slot[0] = this.sign;
    this.signMixer.slot[1] = 9 + this.sign * 1024 + (channel % 1024);
    const negative = this.signMixer.bit(coder, this.signs, 0);
    check(magnitude >> 31 === 0, E.CORRUPT, 0);
    return negative ? -i64(magnitude) : i64(magnitude);
  }

  private escape(coder: RangeDecoder): u32 {
    let n: u32 = 0;
    while (n < 30 && coder.alone(this.escapes, n)) n++;
    let g: u32 = 1;
    for (let i: u32 = 0; i < n; i++) g = (g << 1) | coder.bit(32768);
    return g;
  }

  private learn(channel: u32, k: u32, magnitude: u32): void {
    const mean = this.body.area === 1 ? channel : 0;
    if (this.counts[mean] === 4096) {
      this.counts[mean] = this.counts[mean] / 2;
      this.sums[mean] = this.sums[mean] / 2;
    }
    this.sums[mean] += magnitude;
    this.counts[mean]++;
    this.running[k] += ((1024 * i32(magnitude) - this.running[k]) * 26) >> 8;
  }
}
