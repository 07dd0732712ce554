/** CRC-32C, bit by bit as § 13 defines it. */
export function crc32c(bytes: Iterable<number>): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The checksum as it is stored. */
export function checksum(bytes: Iterable<number>): number[] {
  const crc = crc32c(bytes);
  return [crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24];
}
