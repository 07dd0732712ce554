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
  scalar: [173_500, 85_600],
  // The dense coder at full speed takes more than built for size, and half the time; blocks of the transforms 1.4 kB
  // (3 kB without SIMD, 1.6 kB in the decoders), and a quarter of theirs; ways of their own for rows in one lane 6.5 kB (3.1 kB in
  // the decoders), and a quarter of a token's.
  simd: [184_100, 89_600],
  'decode-scalar': [92_800, 43_600],
  'decode-simd': [96_500, 44_500],
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
