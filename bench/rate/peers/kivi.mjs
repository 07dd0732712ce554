// Keys by channel and values by token in groups of 32, as KIVI (arXiv 2402.02750) has them: minimum and step as f16, N bits.
// Own implementation; its full-precision window of recent tokens is left out, which makes it smaller.
import { BitReader, BitWriter, halfBits, halfValue } from './bits.mjs';
import { bitsUpTo } from './steps.mjs';

const GROUP = 32;

/** Calls `each` with the indices of every group: along the tokens for keys, along the channels for values. */
function groups(dims, kind, each) {
  const [tokens, width] = dims.slice(-2);
  const [outer, inner] = kind === 'k' ? [width, tokens] : [tokens, width];
  const index = kind === 'k' ? (o, i) => i * width + o : (o, i) => o * width + i;
  for (let o = 0; o < outer; o++) {
    for (let from = 0; from < inner; from += GROUP) {
      const count = Math.min(GROUP, inner - from);
      each(Array.from({ length: count }, (_, i) => index(o, from + i)));
    }
  }
}

function encode({ data, dims }, { bits, kind }) {
  const out = new BitWriter();
  groups(dims, kind, (at) => {
    const part = at.map((i) => data[i]);
    const low = halfBits(Math.min(...part));
    const step = halfBits((Math.max(...part) - halfValue(low)) / (2 ** bits - 1));
    const inverse = halfValue(step) > 0 ? 1 / halfValue(step) : 0;
    out.push(low, 16);
    out.push(step, 16);
    for (const x of part)
      out.push(Math.max(0, Math.min(2 ** bits - 1, Math.round((x - halfValue(low)) * inverse))), bits);
  });
  return out.finish();
}

function decode(stream, { dims }, { bits, kind }) {
  const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
  const source = new BitReader(stream);
  groups(dims, kind, (at) => {
    const [low, step] = [halfValue(source.pull(16)), halfValue(source.pull(16))];
    for (const i of at) data[i] = low + source.pull(bits) * step;
  });
  return data;
}

export default {
  name: 'KIVI-like',
  class: 'self-contained',
  about:
    'groups of 32, keys (before their rotation) by channel, values by token, f16 minimum and step; own implementation',
  variants: [{ label: '', all: true, ladder: () => bitsUpTo(1, 5) }],
  encode,
  decode,
};
