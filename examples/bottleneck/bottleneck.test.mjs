import { expect, test } from 'vitest';
import { run } from '../../scripts/lib/run.mjs';

test('symbols of a bottleneck come back exactly, near the bytes their prior allows', async () => {
  const rows = JSON.parse((await run('node', ['examples/bottleneck/main.mjs', '--json'])).output);
  expect(rows.map((row) => row.dims[1])).toEqual([4, 8, 16, 24, 32, 8, 32, 4]);
  for (const { channels, exact, bytes, ideal, brotli, deflate } of rows) {
    expect(exact).toBe(true);
    expect(bytes / ideal).toBeLessThan(1.12);
    // Frames of a few hundred bytes are level with a general compressor, which has no header and no checksum.
    expect(bytes).toBeLessThan(Math.min(brotli, deflate) * (channels < 16 ? 1.03 : 1));
  }
});
