// q4_0 of llama.cpp: blocks of 32 values, an f16 scale with the sign of the largest value, 4-bit integers from -8 to 7.
import { BitReader, BitWriter, halfBits, halfValue } from './bits.mjs';

const BLOCK = 32;

function encode({ data }) {
  const out = new BitWriter();
  for (let at = 0; at < data.length; at += BLOCK) {
    const block = data.subarray(at, at + BLOCK);
    const widest = block.reduce((top, x) => (Math.abs(x) > Math.abs(top) ? x : top), 0);
    const scale = halfBits(widest / -8);
    const inverse = halfValue(scale) === 0 ? 0 : 1 / halfValue(scale);
    out.push(scale, 16);
    for (const x of block) out.push(Math.max(0, Math.min(15, Math.floor(x * inverse + 8.5))), 4);
  }
  return out.finish();
}

function decode(stream, { dims }) {
  const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
  const source = new BitReader(stream);
  for (let at = 0; at < data.length; at += BLOCK) {
    const scale = halfValue(source.pull(16));
    const end = Math.min(at + BLOCK, data.length);
    for (let i = at; i < end; i++) data[i] = (source.pull(4) - 8) * scale;
  }
  return data;
}

export default {
  name: 'q4_0',
  class: 'self-contained',
  about: 'blocks of 32, f16 scale, 4-bit integers; own implementation',
  variants: [{ label: '', all: true, ladder: () => [{ bits: 4 }] }],
  encode,
  decode,
};
