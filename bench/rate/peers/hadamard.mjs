// A Hadamard rotation of blocks with fixed random signs, then integers of N bits under one f16 scale a block: the outlier
// treatment of quantised language models, on activations.
import { BitReader, BitWriter, halfBits, halfValue } from './bits.mjs';
import { bitsUpTo } from './steps.mjs';

/** Fixed signs that both sides know (a 16-bit linear congruence). */
const signs = (() => {
  let state = 12345;
  return Float32Array.from({ length: 256 }, () => {
    state = (state * 25173 + 13849) & 0xffff;
    return state & 0x8000 ? -1 : 1;
  });
})();

/** Orthonormal Walsh–Hadamard transform in place; its own inverse. The length is a power of two. */
export function walsh(values) {
  const n = values.length;
  for (let half = 1; half < n; half *= 2) {
    for (let i = 0; i < n; i += 2 * half) {
      for (let j = i; j < i + half; j++)
        [values[j], values[j + half]] = [values[j] + values[j + half], values[j] - values[j + half]];
    }
  }
  const norm = 1 / Math.sqrt(n);
  for (let i = 0; i < n; i++) values[i] *= norm;
  return values;
}

function encode({ data }, { bits, block }) {
  const out = new BitWriter();
  const most = 2 ** (bits - 1) - 0.5;
  for (let at = 0; at < data.length; at += block) {
    const part = new Float32Array(block);
    part.set(data.subarray(at, at + block));
    walsh(part.map((x, i) => x * signs[i])).forEach((x, i) => {
      part[i] = x;
    });
    const scale = halfBits(part.reduce((top, x) => Math.max(top, Math.abs(x)), 0) / most);
    const inverse = scale === 0 ? 0 : 1 / halfValue(scale);
    out.push(scale, 16);
    // Mid-rise: no level is wasted, which counts at few bits.
    for (const x of part)
      out.push(Math.max(0, Math.min(2 ** bits - 1, Math.floor(x * inverse + 2 ** (bits - 1)))), bits);
  }
  return out.finish();
}

function decode(stream, { dims }, { bits, block }) {
  const count = dims.reduce((a, b) => a * b, 1);
  const data = new Float32Array(count);
  const source = new BitReader(stream);
  for (let at = 0; at < count; at += block) {
    const scale = halfValue(source.pull(16));
    const part = Float32Array.from({ length: block }, () => (source.pull(bits) - 2 ** (bits - 1) + 0.5) * scale);
    walsh(part);
    for (let i = 0; i < Math.min(block, count - at); i++) data[at + i] = part[i] * signs[i];
  }
  return data;
}

export default {
  name: 'Hadamard + integers',
  class: 'self-contained',
  about:
    'random signs, Walsh–Hadamard on blocks of 32, 64 or 128, N-bit mid-rise integers, f16 scale; own implementation',
  variants: [32, 64, 128].map((block) => ({
    label: `blocks of ${block}`,
    all: true,
    ladder: () => bitsUpTo(1, 8).map(({ bits }) => ({ bits, block })),
  })),
  encode,
  decode,
};
