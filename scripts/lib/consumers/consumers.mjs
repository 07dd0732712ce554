// The packed tarball in projects as users have them: both module formats, pages, bundlers.
import { copyFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findBrowser } from '../browser.mjs';
import { blankProject } from '../hosts/blank.mjs';
import { RUNTIMES } from '../hosts/runtimes.mjs';
import { npmTool } from '../paths.mjs';
import { run, say, seconds } from '../run.mjs';
import { files } from '../stamp.mjs';
import { block } from './blocks.mjs';
import { importMap, withEsbuild, withViteBuild, withViteServer, withWebpack } from './pages.mjs';

const DENO = ['run', '--no-check', '--node-modules-dir=manual', '--cached-only', '--allow-read'];

/** Runs a script of the project; the last line it prints is the sum. */
const script =
  (find, ...args) =>
  async (project) =>
    (await run(await find(), args, { cwd: project })).output.trim().split('\n').at(-1);
const node = () => process.execPath;

/** The example of the documentation; it prints the dims it decoded. */
async function documented(project) {
  writeFileSync(join(project, 'script.cjs'), block('Node, Deno, Bun', 'js', 'script.cjs'));
  const printed = await script(node, 'script.cjs')(project);
  if (printed !== '[ 64 ]') throw new Error(`it printed ${printed}`);
}

/** Name, action and what else it takes: a browser, or tools that only full runs install. */
const CONSUMERS = [
  ['Node, ES module', script(node, 'module.mjs')],
  ['Node, CommonJS', script(node, 'common.cjs')],
  ['Node, the documented lines', documented],
  ['Deno, ES module', script(() => npmTool('deno'), ...DENO, 'module.mjs')],
  ['Bun, ES module', script(RUNTIMES.bun.find, 'run', './module.mjs'), { full: true }],
  ['Bun, CommonJS', script(RUNTIMES.bun.find, 'run', './common.cjs'), { full: true }],
  ['import map', importMap, { page: 'chromium' }],
  ['import map', importMap, { page: 'firefox', full: true }],
  ['esbuild', withEsbuild, { page: 'chromium' }],
  ['esbuild', withEsbuild, { page: 'firefox', full: true }],
  ['webpack', withWebpack, { page: 'chromium', full: true }],
  ['Vite, built', withViteBuild, { page: 'chromium', full: true }],
  ['Vite, dev server', withViteServer, { page: 'chromium', full: true }],
];

/** Runs the consumers (all of them where `full`) and resolves with counts; all must come to the same sum. */
export async function consumers({ full }) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const left = CONSUMERS.filter(([, , needs]) => needs?.full && !full).map(title);
  if (left.length > 0) say(`skipped: ${left.join('; ')} run where CI=true`);
  const project = await blankProject('consumers');
  for (const path of files('conformance/consumers')) copyFileSync(path, join(project, basename(path)));
  let expected;
  for (const consumer of CONSUMERS) {
    const [, action, needs = {}] = consumer;
    if (needs.full && !full) continue;
    if (needs.page && !findBrowser(needs.page)) {
      say(
        `${title(consumer)}: the browser is not installed${full ? ': that is a failure where CI=true' : '; skipped'}`,
      );
      counts[full ? 'failed' : 'skipped']++;
      continue;
    }
    const start = Date.now();
    try {
      const sum = await action(project, needs.page);
      expected ??= sum;
      if (sum !== undefined && sum !== expected) throw new Error(`${sum} instead of ${expected}`);
      counts.passed++;
      say(`${title(consumer)}: ${sum ?? 'as it says'}, ${seconds(Date.now() - start)}`);
    } catch (error) {
      counts.failed++;
      console.log(`  ✗ ${title(consumer)}: ${error.output ?? error.stack ?? error}`);
    }
  }
  return counts;
}

function title([name, , needs]) {
  return needs?.page ? `${name} in ${needs.page}` : name;
}
