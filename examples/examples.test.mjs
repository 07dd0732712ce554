// Every example runs and says what it promises.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findBrowser, runPage } from '../scripts/lib/browser.mjs';
import { npmTool, root } from '../scripts/lib/paths.mjs';
import { run } from '../scripts/lib/run.mjs';
import { files } from '../scripts/lib/stamp.mjs';

test('node', async () => {
  const { output } = await run('node', ['examples/node/main.mjs']);
  expect(output).toMatch(/"lossless":true\} +\w+ +\d+ B of 25088, NRMSE 0\.0000/);
  expect(output).toContain('checksum_mismatch');
});

test('deno', async () => {
  const flags = ['run', '--no-check', '--node-modules-dir=manual', '--cached-only'];
  const { output } = await run(npmTool('deno'), [...flags, 'examples/deno/main.ts']);
  expect(output).toMatch(/\d+ bytes of 4000, largest error 0\.0/);
});

test('keys and values', async () => {
  const { output } = await run('node', ['examples/kv/main.mjs']);
  const line =
    /^(keys|values): (\S+) bit a value without a profile \(NRMSE (\S+)\), (\S+) with one of \d+ B \(NRMSE (\S+)\)$/gm;
  const found = [...output.matchAll(line)];
  expect(found.map(([, name]) => name)).toEqual(['keys', 'values']);
  for (const [, , plain, error, calibrated, smaller] of found) {
    expect(Number(calibrated)).toBeLessThan(0.6 * Number(plain));
    expect(Number(smaller)).toBeLessThan(Number(error));
  }
});

test.skipIf(!findBrowser('chromium'))('web', async () => {
  const served = {};
  for (const path of files('examples/web', 'sdk/dist/esm')) {
    const type = path.endsWith('.html') ? 'text/html' : 'text/javascript';
    served[path.slice(root.length)] = { type, path };
  }
  // The page itself reports to nobody: a second page opens it and sends what it shows.
  served['/'] = { type: 'text/html', body: '<!doctype html><script type="module" src="/probe.js"></script>' };
  served['/probe.js'] = { type: 'text/javascript', body: `(${probe})()` };
  const csp = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-src 'self'";
  const [result] = await runPage('chromium', { page: '/', files: served, csp, timeout: 60_000 });
  expect(result.text).toMatch(/16384 bytes became \d+ .*\nNRMSE 0\.\d+, 4096 values came back\./);
});

function probe() {
  const frame = document.createElement('iframe');
  frame.src = '/examples/web/index.html';
  document.documentElement.append(frame);
  const timer = setInterval(async () => {
    const text = frame.contentDocument?.querySelector('#out')?.textContent;
    if (!text?.includes('bytes')) return;
    clearInterval(timer);
    await fetch('/result', { method: 'POST', body: JSON.stringify({ text }) });
    await fetch('/done', { method: 'POST', body: '{}' });
  }, 100);
}

test('every example folder has a main file', () => {
  const mains = files('examples').filter((path) => /examples[\\/]\w+[\\/]main\.(mjs|ts|js)$/.test(path));
  expect(mains.map((path) => path.slice(join(root, 'examples').length + 1))).toEqual(
    expect.arrayContaining([join('node', 'main.mjs'), join('deno', 'main.ts'), join('web', 'main.js')]),
  );
});
