import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from '../../src/container/index.js';

test('check value and known answers', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(0))).toBe(0);
  // RFC 3720, appendix B.4.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test('four bytes at a time is bit by bit', () => {
  const slow = (bytes: Uint8Array) => {
    let c = 0xffffffff;
    for (const b of bytes) {
      c ^= b;
      for (let i = 0; i < 8; i++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    }
    return ~c >>> 0;
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 50 }), (b) => void expect(crc32c(b)).toBe(slow(b))));
});

test('in pieces', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(), (b, cut) => {
      const at = cut % (b.length + 1);
      expect(crc32c(b.subarray(at), crc32c(b.subarray(0, at)))).toBe(crc32c(b));
    }),
  );
});
