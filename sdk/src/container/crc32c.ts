/**
 * CRC-32C (Castagnoli), as `spec/container.md` § 1 defines it. Four bytes per step from four tables of 256 entries, built on
 * first use: the container must read files without starting the codec's WebAssembly.
 */

const REFLECTED_POLYNOMIAL = 0x82f63b78;

let tables: Uint32Array | undefined;

function buildTables(): Uint32Array {
  const t = new Uint32Array(4 * 256);
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ REFLECTED_POLYNOMIAL : c >>> 1;
    t[i] = c;
  }
  // Table k advances a byte over k further zero bytes.
  for (let i = 256; i < t.length; i++) t[i] = (t[i - 256] >>> 8) ^ t[t[i - 256] & 0xff];
  return t;
}

/**
 * CRC-32C of `bytes`, as an unsigned 32-bit number. Pass the result of an earlier call as `previous` to continue over a
 * second piece.
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  tables ??= buildTables();
  const t = tables;
  const end = bytes.length;
  let crc = ~previous;
  let i = 0;
  for (; i + 4 <= end; i += 4) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc = t[768 + (crc & 0xff)] ^ t[512 + ((crc >>> 8) & 0xff)] ^ t[256 + ((crc >>> 16) & 0xff)] ^ t[crc >>> 24];
  }
  for (; i < end; i++) crc = t[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
