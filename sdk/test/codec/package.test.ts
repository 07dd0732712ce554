/** The package as others install it: contents, both module formats, bundlers, hosts with special rules. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const sdk = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8'));

/** Bundles a few lines that import from the package, as an application would. */
async function bundle(code: string, conditions: string[] = []) {
  const result = await build({
    stdin: { contents: code, resolveDir: join(sdk, '..', 'conformance'), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    minify: true,
    loader: { '.wasm': 'empty' },
    conditions,
    logLevel: 'silent',
  });
  expect(result.warnings).toEqual([]);
  return result.outputFiles[0].text;
}

describe('exports', () => {
  const targets = (entry: unknown): string[] =>
    typeof entry === 'string' ? [entry] : Object.values(entry as object).flatMap(targets);

  test('every path in the manifest exists', () => {
    const paths = [...targets(manifest.exports), ...targets(manifest.bin), manifest.main, manifest.types];
    for (const path of paths) expect(() => readFileSync(join(sdk, path)), path).not.toThrow();
  });

  test('types come first everywhere', () => {
    for (const entry of Object.values(manifest.exports)) {
      if (typeof entry === 'object') expect(Object.keys(entry as object)[0]).toBe('types');
    }
  });

  test('ESM and CommonJS offer the same names', async () => {
    for (const path of [
      'slicer-codec',
      'slicer-codec/slim',
      'slicer-codec/decode',
      'slicer-codec/npy',
      'slicer-codec/runtime',
      'slicer-codec/pool',
    ]) {
      const names = Object.keys(await import(path)).filter((name) => name !== 'default' && name !== 'module.exports');
      expect(Object.keys(require(path)).sort()).toEqual(names.sort());
    }
  });

  test('CommonJS works and its errors are one class across subpaths', () => {
    const { encode, SlicerError } = require('slicer-codec');
    const { decode } = require('slicer-codec/decode');
    const data = new Int16Array([1, -2, 300]);
    expect(decode(encode({ type: 'int16', data, dims: [3] }, { budget: { lossless: true } }).bytes).data).toEqual(data);
    expect(() => decode(new Uint8Array(2))).toThrow(SlicerError);
  });
});

describe('the tarball', () => {
  test('holds the build and the licences, and no sources of tests', () => {
    const [{ files }] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: sdk, encoding: 'utf8' }),
    );
    const paths: string[] = files.map((file: { path: string }) => file.path);
    expect(paths).toEqual(
      expect.arrayContaining(['LICENSE-MIT', 'LICENSE-APACHE', 'dist/wasm/simd.wasm', 'package.json']),
    );
    expect(paths.filter((path) => /^(src|test)\//.test(path))).toEqual([]);
  });
});

describe('sources of trouble', () => {
  const esm = join(sdk, 'dist/esm');
  const texts = ['entry', 'codec', 'generated'].flatMap((folder) =>
    readdirSync(join(esm, folder))
      .filter((name) => name.endsWith('.js'))
      .map((name) => [`${folder}/${name}`, readFileSync(join(esm, folder, name), 'utf8')] as const),
  );

  test.each(texts)('%s has no asset URL, no top-level await, no eval', (_, text) => {
    expect(text).not.toMatch(/import\.meta|new URL\(|\beval\(|new Function/);
    expect(text).not.toMatch(/^await /m);
  });

  test('the main entry needs no other package', () => {
    for (const [name, text] of texts) expect(text, name).not.toMatch(/from "[^."]/);
  });
});

describe('bundlers', () => {
  test('using encode keeps the WASM; using only the error class drops it', async () => {
    const full = await bundle("import { encode } from 'slicer-codec'; console.log(encode)");
    expect(full).toContain('AGFzbQ');
    const bare = await bundle("import { SlicerError } from 'slicer-codec'; console.log(SlicerError)");
    expect(bare).not.toContain('AGFzbQ');
    expect(bare.length).toBeLessThan(20_000);
  });

  test('slim carries no WASM, decode only the smaller builds', async () => {
    const slim = await bundle("import { init, decode } from 'slicer-codec/slim'; init('/x'); console.log(decode)");
    expect(slim).not.toContain('AGFzbQ');
    const full = await bundle("import { decode } from 'slicer-codec'; console.log(decode)");
    const small = await bundle("import { decode } from 'slicer-codec/decode'; console.log(decode)");
    expect(small.length).toBeLessThan(full.length);
  });

  test('Workers get an imported module instead of bytes', async () => {
    const text = await bundle("import { encode } from 'slicer-codec'; console.log(encode)", ['workerd', 'worker']);
    expect(text).not.toContain('AGFzbQ');
  });
});
