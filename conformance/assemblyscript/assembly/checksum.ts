/**
 * § 13 CRC-32C.
 */

const TABLE = new StaticArray<u32>(256);

for (let i: u32 = 0; i < 256; i++) {
  let c = i;
  for (let k = 0; k < 8; k++) c = (c >> 1) ^ (c & 1 ? 0x82f63b78 : 0);
  TABLE[i] = c;
}

export function crc32c(data: usize, length: u32): u32 {
  let c: u32 = 0xffffffff;
  for (let i: u32 = 0; i < length; i++) c = (c >> 8) ^ unchecked(TABLE[(c ^ load<u8>(data + i)) & 255]);
  return ~c;
}
