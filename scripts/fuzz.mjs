// `npm run fuzz [-- TARGET … --seconds=60 --total=1800 --jobs=1]`: runs fuzz targets, each for a given time; resumes where the last run ended.
//   --seconds  time per target and run      --total  stop a target when all runs in the log add up to this
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build as buildAll } from './build.mjs';
import { cache, root, toolEnv, tools, which } from './lib/paths.mjs';
import { main, run, say } from './lib/run.mjs';

const CARGO_FUZZ = '0.13.2';
/** Longest input, bytes; memory, MiB; time for one input by the clock, seconds: fuzzers are given the processor last. */
const LIMITS = ['-max_len=4096', '-rss_limit_mb=1024', '-timeout=120'];
const RUST = ['frame', 'stream', 'profile', 'round_trip'];
/** Built on fast-check: fuzz/NAME.ts. */
const SCRIPTS = ['container', 'differential'];

const fuzz = join(root, 'fuzz');
const log = join(fuzz, 'work', 'log.jsonl');

/** The fuzzer that runs now, and whether it was asked to stop before its time: what it did until then counts. */
let child;
let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stopped = true;
    child?.kill(signal);
  });
}

/** Passes on what the program prints and resolves with its status and its last lines. */
function follow(command, args) {
  if (stopped) return { code: 0, tail: '' };
  return new Promise((resolve, reject) => {
    child = spawn(command, args, { cwd: root, env: toolEnv(), stdio: ['ignore', 'inherit', 'pipe'] });
    let tail = '';
    child.stderr.on('data', (text) => {
      process.stderr.write(text);
      tail = (tail + text).slice(-4000);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: stopped ? 0 : (code ?? 1), tail }));
  });
}

async function cargoFuzz() {
  if (existsSync(join(tools, 'bin', process.platform === 'win32' ? 'cargo-fuzz.exe' : 'cargo-fuzz'))) return;
  say('compiling cargo-fuzz into .cache/tools, once');
  await run('cargo', ['install', '--debug', '--root', tools, '--locked', `cargo-fuzz@${CARGO_FUZZ}`], { show: true });
}

/** The program of a Rust target, built; `cargo fuzz run` would pass no signal on to it. */
async function rustProgram(target) {
  await cargoFuzz();
  await run('cargo', ['+nightly', 'fuzz', 'build', target], { env: toolEnv() });
  const { output } = await run('rustc', ['+nightly', '-vV']);
  return join(fuzz, 'target', /host: (\S+)/.exec(output)[1], 'release', target);
}

/** One run of a Rust target; new inputs stay in fuzz/work/TARGET, from where the next run starts. */
async function rustTarget(target, seconds, jobs) {
  const program = await rustProgram(target);
  const work = join(fuzz, 'work', target);
  const artifacts = join(fuzz, 'artifacts', target);
  for (const folder of [work, artifacts]) mkdirSync(folder, { recursive: true });
  const before = readdirSync(work).length;
  const parallel = jobs > 1 ? [`-jobs=${jobs}`, `-workers=${jobs}`] : [];
  const options = [`-max_total_time=${seconds}`, '-print_final_stats=1', '-verbosity=0', ...LIMITS, ...parallel];
  const folders = [work, join(fuzz, 'corpus', target)];
  const start = Date.now();
  const { code, tail } = await follow(program, [`-artifact_prefix=${artifacts}/`, ...options, ...folders]);
  const cases = Number(/number_of_executed_units:\s*(\d+)/.exec(tail)?.[1] ?? 0);
  const inputs = readdirSync(work).length - before;
  return { start, code, cases, inputs, findings: `fuzz/artifacts/${target}` };
}

/** One run of a fast-check target: it draws seed after seed and keeps the next one in fuzz/work/TARGET. */
async function scriptTarget(target, seconds) {
  await buildAll();
  const { build } = await import('esbuild');
  const outfile = join(cache, `fuzz-${target}.mjs`);
  const entryPoints = [join(fuzz, `${target}.ts`)];
  await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', packages: 'external' });
  const work = join(fuzz, 'work', target);
  mkdirSync(work, { recursive: true });
  const start = Date.now();
  const { code, tail } = await follow(process.execPath, [outfile, work, String(seconds)]);
  const cases = Number(/(\d+) cases/.exec(tail)?.[1] ?? 0);
  return { start, code, cases, inputs: 0, findings: `fuzz/work/${target}` };
}

/** Seconds of all runs so far. */
function spent(target) {
  if (!existsSync(log)) return 0;
  const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line)).reduce((sum, l) => sum + (l.target === target ? l.seconds : 0), 0);
}

await main(async () => {
  const option = (name) => Number(process.argv.find((a) => a.startsWith(`--${name}=`))?.split('=')[1] ?? Number.NaN);
  const asked = process.argv.slice(2).filter((a) => !a.startsWith('--'));
  const all = [...RUST, ...SCRIPTS];
  const unknown = asked.find((name) => !all.includes(name));
  if (unknown) throw new Error(`There is no fuzz target ${unknown}: choose from ${all.join(', ')}.`);
  if (!which('cargo')) throw new Error('cargo is needed, and a nightly toolchain: rustup toolchain install nightly');
  const [total, jobs] = [option('total'), option('jobs') || 1];
  for (const target of asked.length > 0 ? asked : all) {
    if (stopped) break;
    const left = total ? total - spent(target) : Number.POSITIVE_INFINITY;
    const seconds = Math.ceil(Math.min(left, option('seconds') || (total ? left : 60)));
    if (seconds <= 0) {
      say(`${target}: ${spent(target)} s are done`);
      continue;
    }
    say(`${target}: ${seconds} s`);
    mkdirSync(join(fuzz, 'work'), { recursive: true });
    const result = await (RUST.includes(target) ? rustTarget(target, seconds, jobs) : scriptTarget(target, seconds));
    const { start, code, cases, inputs, findings } = result;
    const finding = code !== 0;
    // Building counts for nothing, and a run that was cut short only for what it took.
    const took = Math.min(seconds, Math.round((Date.now() - start) / 1000));
    const line = { at: new Date().toISOString(), target, seconds: took, jobs, cases, inputs, finding };
    appendFileSync(log, `${JSON.stringify(line)}\n`);
    say(
      `${target}: ${cases} cases, ${inputs} new inputs, ${finding ? `A FINDING, see ${findings}` : 'no finding'}; ${spent(target)} s in all`,
    );
    if (finding) process.exitCode = 1;
  }
});
