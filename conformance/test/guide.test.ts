/** docs/write-a-decoder.md: its program, its bytes and its counts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { judgeDecoder, programHost } from '../runner/decoder.ts';
import { choose, readManifest } from '../runner/manifest.ts';
import { parallel } from '../runner/pool.ts';

const text = readFileSync(new URL('../../docs/write-a-decoder.md', import.meta.url), 'utf8');
const manifest = readManifest();
const folder = mkdtempSync(join(tmpdir(), 'slicer-guide-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the bytes are those of the smallest frame that is right', () => {
  const printed = /\n {4}(53 4C [0-9A-F ]+)\n/
    .exec(text)![1]
    .split(' ')
    .map((byte) => Number.parseInt(byte, 16));
  const frames = manifest.vectors.flatMap((v) =>
    v.files.frame && v.expect && 'sha256' in v.expect ? [v.files.frame] : [],
  );
  const sorted = frames.map((path) => [...readFileSync(manifest.folder + path)]).sort((a, b) => a.length - b.length);
  expect(sorted[0]).toEqual(printed);
});

test('the program passes every raw frame, and no other vector makes it lie', { timeout: 600_000 }, async () => {
  const program = join(folder, 'decoder.mjs');
  const blocks = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map((m) => m[1]);
  writeFileSync(program, blocks.join('\n'));
  const host = programHost([process.execPath, program], { seconds: 30, memory: 2 ** 31 });
  const run = (filter: string[], every: number) => {
    const vectors = choose(manifest.vectors, { filter, every });
    return parallel(vectors, 2, (v) => judgeDecoder(host, { kind: 'exact', tier: 'dense' }, manifest, v));
  };
  const raw = await run(['raw-only'], 1);
  const outcomes = (name: string) => raw.filter((v) => v.outcome === name).map((v) => v.id);
  expect(outcomes('failed')).toEqual([]);
  expect(outcomes('skipped')).toEqual(['bare-raw', 'bare-checksum-raw', 'bare-rows-raw']);
  expect(outcomes('passed').length).toBe(15);
  const others = await run([], 29);
  expect(others.filter((v) => v.outcome === 'failed').map((v) => `${v.id}: ${v.message}`)).toEqual([]);
});

test('the steps have the vectors that the table says', () => {
  const rows = [...text.matchAll(/^\| \d+\. .*\| `([^`]+)` \| (\d+) \|$/gm)];
  expect(rows.length).toBe(17);
  const counted = rows.map(([, words]) => choose(manifest.vectors, { filter: words.split(' ') }).length);
  expect(counted).toEqual(rows.map((m) => Number(m[2])));
  const all = rows.flatMap((m) => m[1].split(' '));
  expect(choose(manifest.vectors, { filter: all }).length / manifest.vectors.length).toBeGreaterThan(0.9);
});
