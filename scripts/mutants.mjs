// `node scripts/mutants.mjs [--count=120] [--seed=1] [--minutes=60] [--hostile]`: changes the decode path in small ways, one at a time, and asks
// whether the conformance vectors notice. An even sample of all changes that cargo-mutants knows; what has been tried is kept, so that a later
// call goes on. `--again` tries the survivors again, with vectors that are new; `--hostile` tries them with the tests of hostile input and the unit
// tests. `--report` prints what is known and runs nothing.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodePath, onlyEncodes } from './lib/decode-path.mjs';
import { cache, root, toolEnv, tools } from './lib/paths.mjs';
import { main, say } from './lib/run.mjs';

const VERSION = '27.1.0';
const work = join(cache, 'mutants');
const log = join(work, 'log.jsonl');
const flag = (name) => process.argv.includes(`--${name}`);
const option = (name, value) => {
  const found = process.argv.find((a) => a.startsWith(`--${name}=`));
  return found ? Number(found.slice(name.length + 3)) : value;
};

/** Optimised little: each change is compiled once and run for a second. */
const env = toolEnv({
  CARGO_TARGET_DIR: join(work, 'target'),
  CARGO_PROFILE_DEV_OPT_LEVEL: '1',
  CARGO_PROFILE_DEV_DEBUG: '0',
  CARGO_INCREMENTAL: '1',
});
const VECTORS = {
  name: 'vectors',
  features: ['--no-default-features', '--features', 'std'],
  tests: ['--test', 'vectors'],
};
const HOSTILE = {
  name: 'hostile',
  features: [],
  tests: ['--test', 'vectors', '--test', 'hostile', '--test', 'spec_examples', '--lib'],
};

function install() {
  const file = join(tools, 'bin', process.platform === 'win32' ? 'cargo-mutants.exe' : 'cargo-mutants');
  if (existsSync(file) || spawnSync('cargo', ['mutants', '--version'], { env }).status === 0) return;
  say('compiling cargo-mutants into .cache/tools, once');
  const args = ['install', '--debug', '--root', tools, '--locked', `cargo-mutants@${VERSION}`];
  if (spawnSync('cargo', args, { stdio: 'inherit', env }).status !== 0) throw new Error('cargo-mutants is missing');
}

/** Every change of the decode path, in the order of the files. */
function list() {
  const args = ['mutants', '--list', '--json', '--no-config', ...decodePath.flatMap((f) => ['--file', f])];
  const { stdout, stderr, status } = spawnSync('cargo', args, { cwd: root, env, maxBuffer: 1 << 28, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout)
    .map(({ name, file, span }) => ({ name, file, line: span.start.line }))
    .filter((m) => !onlyEncodes(m));
}

/** An even sample: of n changes in order, every n/count-th, from a start that the seed gives. */
function sample(all, count, seed) {
  const stride = all.length / Math.min(count, all.length);
  const start = ((seed * 0.618034) % 1) * stride;
  return Array.from(
    { length: Math.min(count, all.length) },
    (_, i) => all[Math.floor(start + i * stride) % all.length],
  );
}

/** Outcomes so far, by the tests used and the change's name. */
function known() {
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').filter(Boolean) : [];
  return new Map(lines.map((line) => JSON.parse(line)).map((e) => [`${e.tests} ${e.name}`, e.outcome]));
}

/** How many outcomes these tests have given. */
function outcomesOf(tests) {
  return [...known().keys()].filter((key) => key.startsWith(`${tests} `)).length;
}

/** Runs cargo-mutants on these, in any order, so that what is known after any time is a sample too; notes every outcome as it comes. */
async function tryOut(mutants, { name: tests, features, tests: targets }, minutes) {
  const out = join(work, tests);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const only = mutants.flatMap(({ name }) => ['--re', `^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`]);
  const files = [...new Set(mutants.map((m) => m.file))].flatMap((f) => ['--file', f]);
  const args = ['mutants', '--no-config', '--shuffle', '--jobs', '1', '--timeout', '120', '--build-timeout', '900'];
  // Once is enough to know that the tests pass without a change.
  const baseline = outcomesOf(tests) > 0 ? ['--baseline', 'skip'] : [];
  const where = ['--test-package', 'slicer-codec', '--output', out, '--colors', 'never', '--no-times'];
  // For the build as well as for the run, so that nothing else is compiled.
  const cargo = [...features, ...targets].map((arg) => `--cargo-arg=${arg}`);
  const child = spawn('cargo', [...args, ...baseline, ...where, ...cargo, ...files, ...only], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  const seen = new Set();
  const collect = () => {
    for (const outcome of ['caught', 'missed', 'timeout', 'unviable']) {
      const file = join(out, 'mutants.out', `${outcome}.txt`);
      if (!existsSync(file)) continue;
      const text = readFileSync(file, 'utf8');
      for (const name of text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .filter(Boolean)) {
        if (seen.has(name)) continue;
        seen.add(name);
        appendFileSync(log, `${JSON.stringify({ time: new Date().toISOString(), tests, name, outcome })}\n`);
      }
    }
  };
  const timer = setInterval(collect, 2000);
  const stop = setTimeout(() => child.kill('SIGTERM'), minutes * 60_000);
  const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  clearInterval(timer);
  clearTimeout(stop);
  collect();
  // 2 and 3: there were survivors, or time-outs. 1 and 4: it could not work at all.
  if (status === 1 || status === 4) throw new Error(`cargo-mutants ended with ${status}`);
}

function report(chosen, total) {
  const outcomes = known();
  const of = (m) => {
    const [first, second] = [outcomes.get(`vectors ${m.name}`), outcomes.get(`hostile ${m.name}`)];
    return first === 'missed' && second ? `${second} by hostile` : first;
  };
  const groups = Map.groupBy ? Map.groupBy(chosen, of) : groupBy(chosen, of);
  const count = (...names) => names.reduce((sum, name) => sum + (groups.get(name)?.length ?? 0), 0);
  const byVectors = count('caught', 'timeout');
  const byHostile = count('caught by hostile', 'timeout by hostile');
  const survivors = [...(groups.get('missed') ?? []), ...(groups.get('missed by hostile') ?? [])];
  const viable = byVectors + byHostile + survivors.length;
  console.log(
    `\n${total} changes of the decode path; ${chosen.length} in the sample, ${count(undefined)} not tried yet, ${count('unviable')} do not compile`,
  );
  console.log(
    `${viable} tried: ${byVectors} noticed by the vectors, ${byHostile} more by hostile input, ${survivors.length} by neither`,
  );
  if (viable > 0) console.log(`noticed: ${((100 * (byVectors + byHostile)) / viable).toFixed(1)} %`);
  for (const { name } of survivors) console.log(`  ${name}`);
}

function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

await main(async () => {
  mkdirSync(work, { recursive: true });
  install();
  const all = list();
  const chosen = sample(all, option('count', 120), option('seed', 1));
  const outcomes = known();
  const tests = flag('hostile') ? HOSTILE : VECTORS;
  const [before, after] = ['vectors', tests.name].map((name) => (m) => outcomes.get(`${name} ${m.name}`));
  const open = chosen.filter((m) => {
    if (flag('again')) return after(m) === 'missed';
    return flag('hostile') ? before(m) === 'missed' && !after(m) : !after(m);
  });
  if (!flag('report') && open.length > 0) {
    say(`${open.length} of ${chosen.length} changes to try (${tests.name})`);
    await tryOut(open, tests, option('minutes', 60));
  }
  report(chosen, all.length);
});
