// The peer to beat at speed: levels of a uniform quantiser through zstd.
import { Zstd } from '@hpcc-js/wasm-zstd';
import { narrow } from '../levels.mjs';
import { packageVersion } from '../versions.mjs';
import { steps } from './steps.mjs';

const LEVEL = 1;
export const zstd = await Zstd.load();
const version = packageVersion('@hpcc-js/wasm-zstd');

/** Name, version and settings, for the table. */
export const about = `zstd ${zstd.version()} (npm @hpcc-js/wasm-zstd ${version}), level ${LEVEL}, levels as i8 where they fit, else i16`;

/** Bytes that the levels take. Nothing is added for step, type and dims, which it would need too. */
export function bytes(levels) {
  return zstd.compress(narrow(levels).bytes, LEVEL).length;
}

/** A stream with what its decoder needs: the step, the width of a level, the levels. */
function encode({ data }, { step, round }) {
  const inverse = 1 / step;
  const levels = Int32Array.from(data, (x) => Math.sign(x) * Math.floor(Math.abs(x) * inverse + round));
  const { bytes: raw, width } = narrow(levels);
  const packed = zstd.compress(raw, LEVEL);
  const out = new Uint8Array(5 + packed.length);
  new DataView(out.buffer).setFloat32(0, step, true);
  out[4] = width;
  out.set(packed, 5);
  return out;
}

function decode(stream) {
  const step = new DataView(stream.buffer, stream.byteOffset).getFloat32(0, true);
  const raw = zstd.decompress(stream.subarray(5)).slice();
  const Narrow = { 1: Int8Array, 2: Int16Array, 4: Int32Array }[stream[4]];
  return Float32Array.from(new Narrow(raw.buffer), (level) => level * step);
}

export default {
  name: 'quantise + zstd-1',
  class: 'self-contained',
  about,
  variants: [0.5, 0.4].map((round) => ({
    label: `rounds up from ${1 - round}`,
    ladder: ({ rms }) => steps(rms).map((step) => ({ step, round })),
  })),
  encode,
  decode,
};
