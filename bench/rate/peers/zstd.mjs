// The peer to beat at speed: the same levels through zstd. Nothing is added for step, type and dims, which it would need too.
import { Zstd } from '@hpcc-js/wasm-zstd';
import { narrow } from '../levels.mjs';
import { packageVersion } from '../versions.mjs';

const LEVEL = 1;
const zstd = await Zstd.load();
const version = packageVersion('@hpcc-js/wasm-zstd');

/** Name, version and settings, for the table. */
export const about = `zstd ${zstd.version()} (npm @hpcc-js/wasm-zstd ${version}), level ${LEVEL}, levels as i8 where they fit, else i16`;

/** Bytes that the levels take. */
export function bytes(levels) {
  return zstd.compress(narrow(levels).bytes, LEVEL).length;
}
