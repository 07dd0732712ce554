// Instruction counts of the codec's hot paths under callgrind, against those in bench/speed/instructions.json: the same
// program executes the same instructions however busy the machine is, so a slow-down shows without a quiet one.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, root, which } from './paths.mjs';
import { run, say } from './run.mjs';

/** Growth that fails. */
const MOST = 1.03;
/** A path is counted over so many repeats, less those of a warm-up. */
const REPEATS = [2, 4];
/** Builds by the code they run; without `std` the portable loops do the work. */
const PATHS = {
  simd: [],
  portable: ['--no-default-features', '--features', 'encode'],
};

const file = join(root, 'bench', 'speed', 'instructions.json');

/** Instructions per value of every kernel, by path and kernel; `undefined` without valgrind. */
export async function measure() {
  if (!which('valgrind')) return undefined;
  const counts = {};
  for (const [path, flags] of Object.entries(PATHS)) {
    const built = ['build', '--release', '-p', 'slicer-codec', '--example', 'kernels', ...flags];
    await run('cargo', built);
    const program = join(cache, `kernels-${path}`);
    copyFileSync(join(root, 'target', 'release', 'examples', 'kernels'), program);
    const { output } = await run(program, []);
    counts[path] = {};
    for (const line of output.trim().split('\n')) {
      const [, values, name] = /^(\d+) (.*)$/.exec(line);
      const [few, many] = [await total(program, name, REPEATS[0]), await total(program, name, REPEATS[1])];
      counts[path][name] = Number(((many - few) / (REPEATS[1] - REPEATS[0]) / Number(values)).toFixed(3));
    }
  }
  return counts;
}

const total = (program, name, repeats) => instructions(program, [name, String(repeats)]);

/** Instructions that a program executes from its start to its end. */
export async function instructions(program, args) {
  const { output } = await run('valgrind', ['--tool=callgrind', '--callgrind-out-file=/dev/null', program, ...args]);
  return Number(/Collected : (\d+)/.exec(output)[1]);
}

/** The compiler and the processor's instruction set, as the file names them. */
async function key() {
  const { output } = await run('rustc', ['--version']);
  return `${output.trim()} ${process.arch}`;
}

/** The counts the repository holds, by key. */
export function stored() {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** Writes what is measured now. */
export async function store() {
  const counts = await measure();
  if (!counts) throw new Error('valgrind is not installed');
  writeFileSync(file, `${JSON.stringify({ ...stored(), [await key()]: counts }, null, 2)}\n`);
  say(`counts written to ${file}`);
}

/** The stage of `npm test`: one check per kernel and path. */
export async function checkCounts() {
  const counts = await measure();
  if (!counts) return undefined;
  const name = await key();
  const known = stored()[name];
  if (!known) {
    say(`no counts for ${name}; \`npm run counts\` writes them`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const result = { passed: 0, failed: 0 };
  for (const [path, kernels] of Object.entries(counts)) {
    for (const [kernel, now] of Object.entries(kernels)) {
      const before = known[path]?.[kernel] ?? Number.POSITIVE_INFINITY;
      const ok = now <= before * MOST;
      result[ok ? 'passed' : 'failed']++;
      const change = `${before} -> ${now} instructions a value`;
      console.log(`${ok ? ' ' : '✗'} ${path} ${kernel}: ${change}`);
    }
  }
  if (result.failed > 0)
    say('more than 3 % above the stored counts; where that is meant, `npm run counts` writes new ones');
  return result;
}
