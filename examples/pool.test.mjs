// "Several cores" in sdk/README.md, block by block: in Node, and in Chromium under a policy that allows the page's own files only.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, expect, test } from 'vitest';
import { findBrowser, runPage, shell } from '../scripts/lib/browser.mjs';
import { root } from '../scripts/lib/paths.mjs';
import { run } from '../scripts/lib/run.mjs';
import { encode } from '../sdk/dist/esm/entry/index.js';

const text = readFileSync(join(root, 'sdk/README.md'), 'utf8');
const blocks = Object.fromEntries(
  [...text.matchAll(/^```js (\S+)\n(.*?)^```$/gms)].map(([, name, code]) => [name, code]),
);
const folder = mkdtempSync(join(tmpdir(), 'slicer-pool-'));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(join(root, 'sdk'), join(folder, 'node_modules', 'slicer-codec'), 'dir');
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the block for Node', async () => {
  writeFileSync(join(folder, 'pool.mjs'), blocks['pool.mjs']);
  const { output } = await run(process.execPath, ['pool.mjs'], { cwd: folder });
  expect(output.trim()).toBe('8 [ 1, 16, 16, 16 ]');
});

// On a build server a missing browser is a failure; elsewhere it is said and passed over.
const browser = findBrowser('chromium');
test.skipIf(!browser && process.env.CI !== 'true')(
  'the blocks for pages, in Chromium',
  { timeout: 60_000 },
  async () => {
    expect(browser, 'Chromium is not installed').toBeTruthy();
    const told = `
    const post = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify(body) });
    const refused = await createPool({ worker }).decodeAsync(new Uint8Array(9)).catch(({ code, advice }) => [code, advice !== '']);
    const elsewhere = () => new Worker('/nowhere.js', { type: 'module' });
    const lost = await createPool({ worker: elsewhere }).decodeAsync(bytes).catch(({ code }) => code);
    await post('/result', { dims, bytes: [...bytes], refused, lost });
    await post('/done');`;
    writeFileSync(join(folder, 'page.js'), blocks['page.js'] + told);
    writeFileSync(join(folder, 'worker.js'), blocks['worker.js']);
    const outdir = join(folder, 'dist');
    await build({
      absWorkingDir: folder,
      entryPoints: ['page.js', 'worker.js'],
      outdir,
      bundle: true,
      format: 'esm',
      target: 'es2022',
      logLevel: 'error',
    });
    // The page has no use for the codec itself: all of it is in the worker.
    expect(readFileSync(join(outdir, 'page.js')).length).toBeLessThan(40_000);
    const js = (name) => ({ type: 'text/javascript', path: join(outdir, name) });
    const [result] = await runPage('chromium', {
      page: '/',
      timeout: 50_000,
      files: { '/': shell('/page.js'), '/page.js': js('page.js'), '/worker.js': js('worker.js') },
    });
    const data = Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i / 9));
    const { bytes } = encode({ type: 'float32', data, dims: [1, 16, 16, 16] }, { budget: 'balanced' });
    expect(result).toEqual({
      dims: [1, 16, 16, 16],
      bytes: [...bytes],
      refused: ['bad_magic', true],
      lost: 'worker_failed',
    });
  },
);
