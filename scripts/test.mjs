// `npm test`: set-up, build, then every check and every test, each a stage. The last line counts them all.
//   --only=a,b  runs only these stages      --skip=a,b  leaves these out
// Where CI=true nothing may be missing, and the conformance suite runs in every runtime. 2,000 cases per law: `npm run conformance:full`.
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, sizes } from './build.mjs';
import { consumers } from './lib/consumers/consumers.mjs';
import { checkCounts } from './lib/counts.mjs';
import { RUNTIMES } from './lib/hosts/runtimes.mjs';
import { hostSuite } from './lib/hosts/suite.mjs';
import { checks } from './lib/lint.mjs';
import { checkPackages } from './lib/packages/stage.mjs';
import { cache, npmTool } from './lib/paths.mjs';
import { run, say, seconds } from './lib/run.mjs';
import { setup } from './setup.mjs';

/** On a build server a missing runtime is a failure, not something to pass over. */
const strict = process.env.CI === 'true';

const once = (action) => async () => {
  await action();
  return { passed: 1, failed: 0 };
};

const stages = [
  ['setup', once(setup)],
  ['build', once(build)],
  ...checks.map(([name, check]) => [name, once(() => check(false))]),
  ['cargo', cargoTest],
  ['counts', checkCounts],
  ['packages', () => checkPackages({ strict })],
  ['node', vitest],
  ['hosts', hosts],
  ['consumers', () => consumers({ full: strict })],
];

/** The suite in the runtimes; where CI=true in all of them; `npm run conformance:full` has the cases that a release needs. */
async function hosts() {
  const names = Object.keys(RUNTIMES).filter((name) => strict || !RUNTIMES[name].full);
  const left = Object.keys(RUNTIMES).filter((name) => !names.includes(name));
  if (left.length > 0) say(`skipped: ${left.join(', ')} run where CI=true, or by npm run conformance:full`);
  return hostSuite(names, { runs: strict ? 200 : 60, strict });
}

async function cargoTest() {
  const total = { passed: 0, failed: 0, skipped: 0 };
  // The threads are a feature, and everything else is tested as it is without them.
  for (const what of [
    ['--workspace'],
    ['-p', 'slicer-codec', '--features', 'threads', '--test', 'threads', '--test', 'hostile'],
  ]) {
    const { code, output } = await run('cargo', ['test', ...what, '--release'], { show: true, allowFailure: true });
    const failed = total.failed;
    for (const m of output.matchAll(/test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored/g)) {
      total.passed += Number(m[1]);
      total.failed += Number(m[2]);
      total.skipped += Number(m[3]);
    }
    if (code !== 0 && total.failed === failed) total.failed++;
  }
  return total;
}

async function vitest() {
  const file = join(cache, 'vitest.json');
  rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const { code, output } = await run(npmTool('vitest'), ['run', ...reporters], { show: true, allowFailure: true });
  const result = await readFile(file, 'utf8').then(JSON.parse, () => undefined);
  if (!result) return { passed: 0, failed: 1 };
  const failed = result.numFailedTests || (code === 0 ? 0 : 1);
  let cases = 0;
  for (const m of output.matchAll(/property cases: (\d+)/g)) cases += Number(m[1]);
  return { passed: result.numPassedTests, failed, skipped: result.numPendingTests, cases };
}

/** Runs one stage; a stage that throws counts as one failure. */
async function runStage([name, action]) {
  const start = Date.now();
  console.log(`\n== ${name}`);
  let counts;
  try {
    counts = await action();
  } catch (error) {
    console.error(error.message ?? error);
    counts = { passed: 0, failed: 1 };
  }
  if (counts === undefined) {
    say(`${name} is not installed${strict ? ': that is a failure where CI=true' : '; skipped'}`);
    counts = strict ? { passed: 0, failed: 1 } : { passed: 0, failed: 0, skipped: 1 };
  }
  return { name, time: Date.now() - start, skipped: 0, cases: 0, ...counts };
}

const list = (flag) =>
  process.argv
    .find((a) => a.startsWith(`--${flag}=`))
    ?.slice(flag.length + 3)
    .split(',');
const [only, skip] = [list('only'), list('skip') ?? []];
const results = [];
for (const stage of stages) {
  if (skip.includes(stage[0]) || (only && !only.includes(stage[0]))) continue;
  const result = await runStage(stage);
  results.push(result);
  // Nothing after set-up and build means anything when they fail.
  if (result.failed > 0 && ['setup', 'build'].includes(result.name)) break;
}

console.log('\n== summary');
for (const { name, time, passed, failed, skipped } of results) {
  const line = `${name.padEnd(10)} ${seconds(time).padStart(8)}  ${passed} passed, ${failed} failed`;
  console.log(skipped ? `${line}, ${skipped} skipped` : line);
}
const total = (key) => results.reduce((sum, r) => sum + r[key], 0);
console.log(`WASM: ${sizes().join(', ')}`);
console.log(`property cases over all hosts: ${total('cases')}; time: ${seconds(total('time'))}`);
const end = total('skipped') > 0 ? `, ${total('skipped')} skipped` : '';
console.log(`${total('passed')} passed, ${total('failed')} failed${end}`);
process.exitCode = total('failed') > 0 ? 1 : 0;
