/** The manifest: valid, complete, and what the generator makes. */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { allVectors, SEED } from '../generator/all.ts';
import { bitsOfF32 } from '../generator/bytes.ts';
import { containerVectors } from '../generator/container-vectors.ts';
import { asCounted, coverage } from '../generator/coverage.ts';
import { filesOf, manifestOf } from '../generator/manifest.ts';
import { basis } from '../generator/transform.ts';

const folder = new URL('../vectors/', import.meta.url);
const text = (path: string) => readFileSync(new URL(path, folder), 'utf8');
const manifest = JSON.parse(text('manifest.json'));
const vectors = allVectors();
const containers = containerVectors();
const texts = {
  bitstream: text('../../spec/bitstream.md'),
  profile: text('../../spec/profile.md'),
  container: text('../../spec/container.md'),
};

test('the manifest keeps its schema', () => {
  const validate = new Ajv({ allErrors: true }).compile(JSON.parse(text('../manifest.schema.json')));
  expect(validate(manifest), JSON.stringify(validate.errors)).toBe(true);
});

test('the generator makes these files and no others', () => {
  const files = filesOf(vectors, containers);
  const differ = [...files].filter(([path, bytes]) => Buffer.compare(readFileSync(new URL(path, folder)), bytes) !== 0);
  expect(differ.map(([path]) => path)).toEqual([]);
  const drawers = ['must-read', 'legal-but-rare', 'malformed', 'invalid', 'profiles', 'containers'];
  const found = drawers.flatMap((d) => readdirSync(new URL(d, folder)).map((name) => `${d}/${name}`));
  expect(found.sort()).toEqual([...files.keys()].sort());
  expect(JSON.parse(JSON.stringify(manifestOf(vectors, containers, SEED, texts)))).toEqual(manifest);
  expect([...files.values()].reduce((sum, bytes) => sum + bytes.length, 0)).toBeLessThan(4 << 20);
});

test('sections, flags and codes are all exercised', () => {
  expect(coverage(texts, [...vectors, ...asCounted(containers)]).missing).toEqual([]);
  const used = new Set(vectors.flatMap((v) => v.flags));
  expect(Object.keys(manifest.flags).filter((flag) => !used.has(flag as never))).toEqual([]);
  const codes = [...text('../../spec/bitstream.md').matchAll(/^\| `([a-z_]+)` \|/gm)].map((m) => m[1]);
  const seen = new Set(vectors.map((v) => (v.expect && 'error' in v.expect ? v.expect.error : '')));
  expect(codes.length).toBeGreaterThanOrEqual(13);
  expect(codes.filter((code) => !seen.has(code as never))).toEqual([]);
});

test('every field that a writer names is attacked', () => {
  const sources = readdirSync(new URL('../generator/', import.meta.url)).filter((name) => name.endsWith('.ts'));
  const named = sources.flatMap((name) =>
    [...text(`../generator/${name}`).matchAll(/\.field\(['`](?:\$\{(?:name|prefix)\}\.)?([a-zA-Z]+)['`]/g)].map(
      (m) => m[1],
    ),
  );
  const answers = vectors.flatMap((v) => v.steps?.flatMap((s) => ('body' in s ? [s.expect] : [])) ?? [v.expect!]);
  const attacked = new Set(answers.flatMap((a) => ('error' in a ? [a.field.split('.').at(-1)!] : [])));
  expect(new Set(named).size).toBeGreaterThan(30);
  expect([...new Set(named)].filter((name) => !attacked.has(name))).toEqual([]);
});

test('the basis of § 16 has the values that the text prints', () => {
  const text16 = text('../../spec/bitstream.md').split('## 16. DCT')[1].split('## 17.')[0];
  const printed = [...text16.matchAll(/\| (\d+) \| (\d+), (\d+) \| ([0-9A-F]{8}) /g)];
  expect(printed.length).toBe(10);
  const made = printed.map(([, n, k, i]) => bitsOfF32(basis(Number(n), Number(k), Number(i))));
  const hex = (bits: number) => (bits >>> 0).toString(16).toUpperCase().padStart(8, '0');
  expect(made.map(hex)).toEqual(printed.map((row) => row[4]));
});
