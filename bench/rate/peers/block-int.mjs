// Blocks of 32 values with an f16 scale of the largest magnitude, and signed integers of N bits.
import { BitReader, BitWriter, halfBits, halfValue } from './bits.mjs';
import { bitsUpTo } from './steps.mjs';

const BLOCK = 32;

function encode({ data }, { bits }) {
  const out = new BitWriter();
  const most = 2 ** (bits - 1) - 1;
  for (let at = 0; at < data.length; at += BLOCK) {
    const block = data.subarray(at, at + BLOCK);
    const scale = halfBits(block.reduce((top, x) => Math.max(top, Math.abs(x)), 0) / most);
    const inverse = scale === 0 ? 0 : 1 / halfValue(scale);
    out.push(scale, 16);
    for (const x of block) out.push(Math.max(-most, Math.min(most, Math.round(x * inverse))) & (2 ** bits - 1), bits);
  }
  return out.finish();
}

// The number of bits is part of the format's name, as it is for q8_0.
function decode(stream, { dims }, { bits }) {
  const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
  const source = new BitReader(stream);
  for (let at = 0; at < data.length; at += BLOCK) {
    const scale = halfValue(source.pull(16));
    const end = Math.min(at + BLOCK, data.length);
    for (let i = at; i < end; i++) data[i] = ((source.pull(bits) << (32 - bits)) >> (32 - bits)) * scale;
  }
  return data;
}

export const blockIntegers = { encode, decode };

export default {
  name: 'block-32 integers',
  class: 'self-contained',
  about: 'blocks of 32, f16 scale, N-bit integers packed; own implementation',
  variants: [{ label: '', all: true, ladder: () => bitsUpTo(2, 8) }],
  encode,
  decode,
};
