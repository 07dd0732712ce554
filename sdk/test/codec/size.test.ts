/** Size caps of the WASM builds: raw for what a page keeps, gzip for what travels. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const CAPS = {
  scalar: [110_000, 45_000],
  simd: [110_000, 45_000],
  'decode-scalar': [80_000, 35_000],
  'decode-simd': [80_000, 35_000],
};

test.each(Object.entries(CAPS))('%s.wasm is small', (name, [raw, packed]) => {
  const bytes = readFileSync(new URL(`../../dist/wasm/${name}.wasm`, import.meta.url));
  const gzip = gzipSync(bytes, { level: 9 }).length;
  console.log(`${name}.wasm: ${bytes.length} B, gzip ${gzip} B`);
  expect(bytes.length).toBeLessThanOrEqual(raw);
  expect(gzip).toBeLessThanOrEqual(packed);
});
