// The conformance suite outside Node: Chromium (and Firefox) and Deno.
import { join } from 'node:path';
import { findBrowser, runPage, shell } from './browser.mjs';
import { npmTool, root } from './paths.mjs';
import { run } from './run.mjs';

const js = 'text/javascript';

/** Runs the suite in a page under a strict policy; resolves with counts, or undefined where the browser is missing. */
export async function browserSuite(name, { runs } = {}) {
  if (!findBrowser(name)) return undefined;
  const { build } = await import('esbuild');
  const bundle = await build({
    entryPoints: [join(root, 'conformance/hosts/browser.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    logLevel: 'warning',
  });
  const wasm = (file) => ({ type: 'application/wasm', path: join(root, 'sdk/dist/wasm', file) });
  const query = new URLSearchParams(runs ? { SLICER_RUNS: String(runs) } : {});
  if (process.env.SLICER_SEED) query.set('SLICER_SEED', process.env.SLICER_SEED);
  const results = await runPage(name, {
    page: `/?${query}`,
    files: {
      '/': shell('/suite.js'),
      '/suite.js': { type: js, body: bundle.outputFiles[0].contents },
      '/wasm/scalar.wasm': wasm('scalar.wasm'),
    },
  });
  for (const { name: law, error } of results) console.log(error ? `  ✗ ${law}\n${indent(error)}` : `  ✓ ${law}`);
  const failed = results.filter((r) => r.error).length;
  const cases = results.reduce((sum, r) => sum + r.cases, 0);
  return { passed: results.length - failed, failed, cases };
}

function indent(text) {
  return text.replace(/^/gm, '      ');
}

/** Runs the suite in Deno (the npm package, so that the version is pinned). */
export async function denoSuite() {
  // Types are checked by tsc; Deno would ask for its own type packages.
  const flags = ['--no-check', '--node-modules-dir=manual', '--cached-only', '--allow-read', '--allow-env'];
  const target = 'conformance/hosts/deno.test.ts';
  const { code, output } = await run(npmTool('deno'), ['test', ...flags, target], { show: true, allowFailure: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours are control characters
  const plain = output.replace(/\u001b\[[0-9;]*m/g, '');
  const counts = /(\d+) passed.*?\| (\d+) failed/.exec(plain);
  if (!counts) return { passed: 0, failed: 1 };
  const cases = Number(/property cases: (\d+)/.exec(plain)?.[1] ?? 0);
  return { passed: Number(counts[1]), failed: Math.max(Number(counts[2]), code === 0 ? 0 : 1), cases };
}
