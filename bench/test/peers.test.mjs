import { describe, expect, it } from 'vitest';
import { breakEven, breakEvenPlot } from '../rate/break-even-plot.mjs';
import { front, interval, read, samples, walk } from '../rate/curve.mjs';
import { BitReader, BitWriter, halfBits, halfValue } from '../rate/peers/bits.mjs';
import blockInt from '../rate/peers/block-int.mjs';
import groupInt from '../rate/peers/group-int.mjs';
import hadamard, { walsh } from '../rate/peers/hadamard.mjs';
import hivemind from '../rate/peers/hivemind.mjs';
import { toHalf } from '../rate/peers/literal.mjs';
import q4 from '../rate/peers/q4_0.mjs';
import q8 from '../rate/peers/q8_0.mjs';
import thresholdSplit from '../rate/peers/threshold-split.mjs';
import zstd from '../rate/peers/zstd.mjs';
import { statisticsOf } from '../rate/stack.mjs';

const dims = [1, 12, 5, 7];
const data = Float32Array.from({ length: 420 }, (_, i) => 3 * Math.sin(i * i) + (i % 97 === 0 ? 20 : 0));
const tensor = { type: 'float32', data, dims };
const statistics = statisticsOf({ data, dims });

function error(peer, setting) {
  const stream = peer.encode(tensor, setting);
  const decoded = peer.decode(stream, { dims }, setting);
  expect(decoded.length).toBe(data.length);
  return { bytes: stream.length, worst: data.reduce((top, x, i) => Math.max(top, Math.abs(x - decoded[i])), 0) };
}

describe('peers written here', () => {
  it('decode what they encode, the better the finer the setting', () => {
    for (const peer of [zstd, groupInt, blockInt, hadamard, thresholdSplit]) {
      for (const { ladder } of peer.variants) {
        const settings = ladder(statistics);
        const [coarse, fine] = [error(peer, settings[0]), error(peer, settings.at(-1))];
        expect(fine.worst, peer.name).toBeLessThan(0.35);
        expect(coarse.bytes, peer.name).toBeLessThan(fine.bytes);
      }
    }
  });

  it('have the sizes and errors of their formats', () => {
    // 14 blocks of 32, the last one short.
    expect(error(q8, { bits: 8 }).bytes).toBe(14 * 2 + 420);
    expect(error(q4, { bits: 4 }).bytes).toBe(14 * 2 + 210);
    expect(error(q8, { bits: 8 }).worst).toBeLessThan(20 / 127);
    expect(error(q4, { bits: 4 }).worst).toBeLessThan(20 / 8);
    for (const { ladder } of hivemind.variants) expect(error(hivemind, ladder()[0]).bytes).toBeLessThan(420 + 1030);
  });

  it('keep what lies above the threshold', () => {
    const { worst } = error(thresholdSplit, { threshold: 2, distortion: 0.05 });
    expect(worst).toBeLessThan(1);
  });

  it('turn with an orthonormal transform', () => {
    const part = Float32Array.from({ length: 64 }, (_, i) => Math.cos(3 * i));
    const back = walsh(walsh(part.slice()));
    for (let i = 0; i < 64; i++) expect(back[i]).toBeCloseTo(part[i], 5);
  });
});

describe('bits', () => {
  it('come back as they went', () => {
    const out = new BitWriter();
    const numbers = [
      [5, 3],
      [0, 0],
      [1023, 10],
      [0xdeadbeef, 32],
      [1, 1],
    ];
    for (const [value, bits] of numbers) out.push(value, bits);
    const source = new BitReader(out.finish());
    for (const [value, bits] of numbers) expect(source.pull(bits)).toBe(value);
  });

  it('hold the nearest f16 number', () => {
    for (const x of [0, 1, 1 + 3 * 2 ** -12, 0.1, 65504, 2 ** -24, 2047.9, 1e-5]) {
      expect(halfValue(halfBits(x))).toBe(Math.min(65504, toHalf(x)));
      expect(halfValue(halfBits(-x))).toBe(-Math.min(65504, toHalf(x)));
    }
    expect(halfValue(halfBits(1e9))).toBe(65504);
  });
});

describe('curves', () => {
  // Bytes fall and KL grows with the setting, with a little noise by item.
  const measure = async (s) => ({
    bytes: [100 / s, 120 / s, 110 / s],
    kl: [0.01 * s ** 2, 0.012 * s ** 2, 0.008 * s ** 2],
  });

  it('are walked from coarse to fine as far as they have to be', async () => {
    const ladder = Array.from({ length: 41 }, (_, i) => 8 * 2 ** (-i / 4));
    let count = 0;
    const counted = (s) => measure(s, count++);
    const points = await walk(ladder, counted, { target: 0.02, range: [0.008, 0.06] });
    expect(count).toBeLessThan(16);
    expect(points.length).toBeGreaterThanOrEqual(5);
    const { bytes, interval: span } = read(points, 0.02, samples(3, 200));
    expect(bytes).toBeCloseTo(110 / Math.SQRT2, 3);
    expect(span[0]).toBeLessThanOrEqual(bytes);
    expect(span[1]).toBeGreaterThanOrEqual(bytes);
  });

  it('are never read beyond their ends', async () => {
    const points = await walk([4, 3, 2], measure, { target: 0.02, range: [0.008, 0.06] });
    expect(read(points, 0.02, samples(3, 50)).bytes).toBeUndefined();
  });

  it('keep only what nothing else beats', () => {
    const point = (bytes, kl) => ({ bytes: [bytes], kl: [kl] });
    const kept = front(
      [point(10, 0.1), point(12, 0.2), point(20, 0.01), point(40, 0.001), point(50, 0.5)],
      [0.005, 0.3],
    );
    expect(kept.map((p) => p.bytes[0])).toEqual([10, 20]);
  });

  it('draw the same samples every time', () => {
    expect(samples(10, 3)).toEqual(samples(10, 3));
    expect(interval([1, 2, 3, undefined])).toBeUndefined();
  });
});

describe('break-even of profiles', () => {
  const row = (rowClass, bytes, profileBytes) => ({
    cut: 'b4',
    peer: { ours: true, class: rowClass, profileBytes },
    readings: { 0.02: { bytes } },
  });

  it('comes after the profile divided by what a frame saves', () => {
    const rows = [
      row('self-contained', 120),
      row('self-contained', 100),
      row('calibrated', 80, 4000),
      row('calibrated', 90, 10),
    ];
    const [found] = breakEven(rows, 0.02);
    expect(found).toEqual({ cut: 'b4', bytes: 80, plain: 100, profileBytes: 4000, frames: 200 });
    expect(breakEvenPlot([found], { title: 'a', subtitle: 'b' })).toContain('after 200 frames');
  });

  it('never comes where a profile saves nothing', () => {
    const [found] = breakEven([row('self-contained', 100), row('calibrated', 100, 177)], 0.02);
    expect(found.frames).toBe(Number.POSITIVE_INFINITY);
  });
});
