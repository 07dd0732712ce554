// Integers with a scale and a zero point per group of values, as weight formats have them, and zstd over the whole.
import { BitReader, BitWriter, halfBits, halfValue } from './bits.mjs';
import { bitsUpTo } from './steps.mjs';
import { zstd } from './zstd.mjs';

const LEVEL = 19;

/** Smallest value and step of a group as f16 bits. */
function rangeOf(group, bits) {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of group) {
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return [halfBits(low), halfBits((high - low) / (2 ** bits - 1))];
}

function encode({ data }, { bits, group }) {
  const [head, levels] = [new BitWriter(), new BitWriter()];
  for (let at = 0; at < data.length; at += group) {
    const block = data.subarray(at, at + group);
    const [low, step] = rangeOf(block, bits);
    head.push(low, 16);
    head.push(step, 16);
    const [start, inverse] = [halfValue(low), halfValue(step) === 0 ? 0 : 1 / halfValue(step)];
    for (const x of block) levels.push(Math.max(0, Math.min(2 ** bits - 1, Math.round((x - start) * inverse))), bits);
  }
  const [scales, body] = [head.finish(), levels.finish()];
  const raw = new Uint8Array(scales.length + body.length);
  raw.set(scales);
  raw.set(body, scales.length);
  const packed = zstd.compress(raw, LEVEL);
  return packed.length < raw.length ? packed.slice() : raw;
}

function decode(stream, { dims }, { bits, group }) {
  const count = dims.reduce((a, b) => a * b, 1);
  const groups = Math.ceil(count / group);
  const length = 4 * groups + Math.ceil((count * bits) / 8);
  const raw = stream.length === length ? stream : zstd.decompress(stream);
  const [head, levels] = [new BitReader(raw), new BitReader(raw.subarray(4 * groups))];
  const data = new Float32Array(count);
  for (let at = 0; at < count; at += group) {
    const [start, step] = [halfValue(head.pull(16)), halfValue(head.pull(16))];
    for (let i = at; i < Math.min(at + group, count); i++) data[i] = start + levels.pull(bits) * step;
  }
  return data;
}

export default {
  name: 'group-wise integers + zstd',
  class: 'self-contained',
  about: `f16 minimum and step per group (64 or 128), N-bit integers (8 and 4 are the usual ones), zstd ${LEVEL}; own implementation`,
  variants: [64, 128].map((group) => ({
    label: `groups of ${group}`,
    all: true,
    ladder: () => bitsUpTo(2, 8).map(({ bits }) => ({ bits, group })),
  })),
  encode,
  decode,
};
