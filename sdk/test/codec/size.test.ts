/** Size caps of the WASM builds: raw for what a page keeps, gzip for what travels; targets that are missed are printed. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

// Raw and gzip bytes that the builds with all tiers are to keep within; a miss is printed by name.
const TARGETS: Record<string, [number, number]> = {
  scalar: [140_000, 60_000],
  simd: [180_000, 75_000],
  'decode-scalar': [110_000, 48_000],
  'decode-simd': [110_000, 48_000],
};
// What they must not grow beyond until then.
const CAPS: Record<string, [number, number]> = {
  scalar: [172_500, 85_500],
  // The dense coder at full speed takes 10 kB more than built for size, and half the time.
  simd: [190_000, 91_000],
  'decode-scalar': [91_000, 41_500],
  'decode-simd': [95_500, 43_000],
};

test.each(Object.entries(CAPS))('%s.wasm is small', (name, [raw, packed]) => {
  const bytes = readFileSync(new URL(`../../dist/wasm/${name}.wasm`, import.meta.url));
  const gzip = gzipSync(bytes, { level: 9 }).length;
  const target = TARGETS[name];
  const missed = bytes.length > target[0] || gzip > target[1];
  console.log(
    `${name}.wasm: ${bytes.length} B, gzip ${gzip} B${missed ? `; target ${target.join(' and ')} B MISSED` : ''}`,
  );
  expect(bytes.length).toBeLessThanOrEqual(raw);
  expect(gzip).toBeLessThanOrEqual(packed);
});
