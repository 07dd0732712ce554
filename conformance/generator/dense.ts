/** The dense coder (§ 18.3, § 18.4), writing one segment. */
import { Slot, Weights } from './probability.ts';
import { type Ending, RangeEncoder } from './range.ts';

/** A segment's place in the coded view, and its levels in scan order. */
export interface DenseSegment {
  levels: readonly number[];
  /** Union bits; all 0 without a trellis. */
  unions: readonly number[];
  /** The first plane's index in the body. */
  firstPlane: number;
  channels: number;
  height: number;
  width: number;
  ending?: Ending;
}

const THRESHOLDS = [1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 40];

/** ⌊log2⌋ twice, and the bit below the first. */
function halfOctaves(v: number): number {
  if (v < 2) return 0;
  const bits = v.toString(2);
  return 2 * (bits.length - 1) + Number(bits[1]);
}

const capped = (v: number) => Math.min(15, halfOctaves(v));

/** Slots made when they are first asked for. */
class Pool {
  private readonly slots = new Map<number, Slot>();

  /** The slot of an input's context, and of what else tells slots apart (below 32). */
  get(input: number, context: number, rest = 0): Slot {
    const name = (input * 65536 + context) * 32 + rest;
    const slot = this.slots.get(name) ?? new Slot();
    this.slots.set(name, slot);
    return slot;
  }
}

/** Where a value is: its line, its place in the line, its plane and channel. */
interface Place {
  row: number;
  channel: number;
  x: number;
  y: number;
}

/** One segment as bytes. */
export function denseSegment(s: DenseSegment): number[] {
  const coder = new RangeEncoder();
  const pool = new Pool();
  const sets = new Map<string, Weights>();
  const signs = new Weights([16384, 32768], 15);
  const size = s.height * s.width;
  const single = size === 1;
  const before = new Map<string, number>();
  const name = ({ row, channel, x, y }: Place) => (single ? `${row} ${x}` : `${row} ${channel} ${y} ${x}`);
  const width = single ? s.channels : s.width;
  let means: { sum: number; count: number }[] = [];
  let running: number[] = [];

  s.levels.forEach((level, i) => {
    const plane = s.firstPlane + Math.floor(i / size);
    const inPlane = i % size;
    const channel = plane % s.channels;
    const at: Place = {
      row: Math.floor(plane / s.channels),
      channel,
      x: single ? channel : inPlane % s.width,
      y: single ? 0 : Math.floor(inPlane / s.width),
    };
    if (i === 0 || (inPlane === 0 && channel === 0)) running = Array<number>(size).fill(0);
    if (i === 0 || (inPlane === 0 && !single)) means = [];
    const mean = means[single ? channel : 0] ?? { sum: 0, count: 1 };
    means[single ? channel : 0] = mean;

    const near = (dx: number, up: number): number | undefined => {
      const x = at.x + dx;
      if (x < 0 || x >= width) return undefined;
      return before.get(name(single ? { ...at, x, row: at.row - up } : { ...at, x, y: at.y - up }));
    };
    const previous = single ? near(0, 2) : before.get(name({ ...at, channel: channel - 1 }));
    const magnitude = (v: number | undefined) => Math.min(255, Math.abs(v ?? 0));
    const [left, above] = [near(-1, 0), near(0, 1)];
    const l = magnitude(left ?? above);
    const u = magnitude(above ?? left);
    const c = magnitude(previous);
    const corners = magnitude(near(-1, 1)) + magnitude(near(1, 1));
    const m = capped(Math.floor((32 * mean.sum + 16) / mean.count));
    const a = capped(Math.floor(running[inPlane] / 16));
    const b = Math.floor((512 * (l + u) + 256 * corners + running[inPlane]) / 7);
    const share = (n: number, of: number) => Math.floor((16 * n) / Math.max(16, of));
    const contexts = [
      THRESHOLDS.filter((t) => t <= 2 * l + 2 * u + corners).length,
      4 * m + Math.min(l + u, 3),
      4 * Math.floor(a / 2) + Math.min(c, 3),
      16 * Math.min(l, 3) + 4 * Math.min(u, 3) + Math.min(corners, 3),
      channel % 1024,
      10 * Math.floor((10 * m) / 16) + Math.floor((10 * capped(Math.floor(b / 8))) / 16),
      16 * share(at.y, single ? 1 : s.height) + share(at.x, width),
    ];
    const union = s.unions[i];
    const size0 = Math.abs(level);
    for (let decision = 0; decision < 15; decision++) {
      const key = [Math.min(decision, 3), union, Math.min(Math.min(l, 3) + Math.min(u, 3), 3)].join();
      const weights = sets.get(key) ?? new Weights(Array<number>(7).fill(12288), 14);
      sets.set(key, weights);
      const slots = contexts.map((context, input) => pool.get(input, context, 15 * union + decision));
      mixed(coder, weights, slots, size0 > decision ? 1 : 0);
      if (size0 <= decision) break;
    }
    if (size0 > 14) magnitudeBeyond(coder, pool, size0 - 14);
    if (level !== 0) {
      const sgn = 3 * (Math.sign(left ?? 0) + 1) + Math.sign(above ?? 0) + 1;
      mixed(coder, signs, [pool.get(7, sgn), pool.get(8, channel % 1024, sgn)], level < 0 ? 1 : 0);
    }
    before.set(name(at), level);
    const counted = Math.min(size0, 4095);
    if (mean.count === 4096) Object.assign(mean, { sum: Math.floor(mean.sum / 2), count: 2048 });
    mean.sum += counted;
    mean.count += 1;
    running[inPlane] += Math.floor(((1024 * counted - running[inPlane]) * 26) / 256);
  });
  return coder.finish(s.ending);
}

function mixed(coder: RangeEncoder, weights: Weights, slots: Slot[], bit: number): void {
  const { p, learn } = weights.mix(slots);
  coder.bit(bit, p);
  learn(bit);
}

/** A number g ≥ 1: its length in unary, then its bits below the leading one. */
function magnitudeBeyond(coder: RangeEncoder, pool: Pool, g: number): void {
  const bits = g.toString(2).slice(1);
  for (let n = 0; n < Math.min(bits.length + 1, 30); n++) {
    const bit = n < bits.length ? 1 : 0;
    const slot = pool.get(9, n);
    coder.bit(bit, slot.alone);
    slot.learn(bit);
  }
  for (const bit of bits) coder.bit(Number(bit), 32768);
}
