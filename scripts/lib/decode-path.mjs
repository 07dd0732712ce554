// Which source files decode, and which of their lines only encode.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';

const codec =
  'adaptive bins bits bytes channel classes coding contexts crc32c dct decode dtype elements frame intlist inverse layout levels ' +
  'limits math points profile rans/decode reconstruct scales segment setup sha256 tables/family tables/inline tables/mod';
const kernels = 'dct dense/contexts dense/mixer dense/mod dense/range trellis';

/** Files of the decode path. The SIMD twin of the entropy decoder is apart: it is the same loop again, and only some machines run it. */
export const decodePath = [
  ...codec.split(' ').map((name) => `crates/slicer-codec/src/${name}.rs`),
  ...kernels.split(' ').map((name) => `crates/slicer-kernels/src/${name}.rs`),
];

/** Items of the kernels that only encoders call; the codec's own carry a `cfg`. */
const ENCODER_ITEMS = /RangeEncoder|forward|DType::load|Rates/;

/** Whether a mutant, as cargo-mutants lists it, lies in something that only encoders (or tests) use. */
export function onlyEncodes({ file, line, name }) {
  return ENCODER_ITEMS.test(name) || gated(file).some(([first, last]) => line >= first && line <= last);
}

const known = new Map();

/** Ranges of lines under `cfg(feature = "encode")` or `cfg(test)`: the item that follows the attribute, by its braces. */
function gated(file) {
  if (!known.has(file)) known.set(file, rangesOf(readFileSync(join(root, file), 'utf8').split('\n')));
  return known.get(file);
}

function rangesOf(lines) {
  const ranges = [];
  lines.forEach((text, i) => {
    if (!/^\s*#\[cfg\(.*(feature = "encode"|\btest\b|simd128)/.test(text) || /not\(/.test(text)) return;
    let depth = 0;
    for (let at = i + 1; at < lines.length; at++) {
      const code = lines[at].replace(/'[{}]'|"[^"]*"|\/\/.*/g, '');
      for (const c of code) depth += c === '{' ? 1 : c === '}' ? -1 : 0;
      if (depth === 0 && /[;}],?\s*$/.test(code)) {
        ranges.push([i + 1, at + 1]);
        return;
      }
    }
  });
  return ranges;
}
