// `npm run bench:kernel`: the product kernel of the transforms against the multiply-add peak of one core, natively and in WASM.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { root } from '../../scripts/lib/paths.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { digits, must, mustTable, table } from '../rate/report.mjs';
import { machine } from '../rate/versions.mjs';

const HELP = `npm run bench:kernel -- [--rounds N] [--json FILE]

  --rounds N   rounds, in each of which everything runs once (15)
  --json FILE  every figure, and the list of musts`;
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
/** Channels and positions: cuts of EfficientNet-Lite0, and a token of SmolLM2. */
const SHAPES = [
  { name: 'b14', channels: 192, plane: 49 },
  { name: 'b10', channels: 112, plane: 196 },
  { name: 'b7', channels: 80, plane: 196 },
  { name: 'b4', channels: 40, plane: 784 },
  { name: 'token', channels: 576, plane: 1 },
];
/** Multiply-adds of a measurement, about: a few milliseconds. */
const WORK = 3e7;
const TARGET = join(root, 'target', 'bench-kernel');
const cargo = (...more) => {
  const args = ['build', '--release', '--locked', '--quiet', '--manifest-path', join(root, 'bench/kernel/Cargo.toml')];
  return run('cargo', [...args, '--target-dir', TARGET, ...more]);
};
await cargo();
await cargo('--lib', '--target', 'wasm32-unknown-unknown');

const child = spawn(join(TARGET, 'release', 'slicer-bench-kernel'), { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const native = async (words) => {
  child.stdin.write(`${words.join(' ')}\n`);
  return Number((await lines.next()).value);
};
const file = join(TARGET, 'wasm32-unknown-unknown/release/slicer_bench_kernel.wasm');
const { exports } = (await WebAssembly.instantiate(readFileSync(file))).instance;
const wasm = async ([name, ...numbers]) => {
  const start = performance.now();
  const done = exports[`kernel_${name}`](...numbers);
  return done / (1e6 * (performance.now() - start));
};

const repeats = (one) => Math.max(1, Math.round(WORK / one));
const jobs = [
  { name: 'peak', words: ['peak', repeats(256 * 64)] },
  ...SHAPES.flatMap(({ name, channels, plane }) =>
    ['mix', 'project'].map((way) => ({
      name: `${way} ${name}`,
      words: [way, channels, plane, repeats(channels * channels * plane)],
    })),
  ),
];
const best = Object.fromEntries(jobs.map(({ name }) => [name, { native: 0, wasm: 0 }]));
for (let round = 0; round < Number(options.rounds); round++) {
  for (const { name, words } of jobs) {
    best[name].native = Math.max(best[name].native, await native(words));
    best[name].wasm = Math.max(best[name].wasm, await wasm(words));
  }
}
child.stdin.end();

const share = (name, build) => best[name][build] / best.peak[build];
console.log(`# The transforms' kernel\n\n${machine()}; best of ${options.rounds} rounds; one thread.\n`);
console.log(
  table(
    ['', 'native', '÷ peak', 'WASM SIMD128', '÷ peak'],
    jobs.map(({ name }) => [
      name,
      digits(best[name].native, 1),
      digits(share(name, 'native'), 2),
      digits(best[name].wasm, 1),
      digits(share(name, 'wasm'), 2),
    ]),
  ),
);
console.log(
  '\nMultiply-adds a nanosecond. The peak multiplies and adds without fusing the two: the bits of both would differ.\n',
);
const geometric = (values) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);
// Tokens read the whole matrix for a few operations a value: memory is their bound.
const planes = jobs.filter(({ name }) => name !== 'peak' && !name.endsWith('token')).map(({ name }) => name);
const musts = [
  must(
    'native: transforms of planes ÷ peak, geometric mean',
    geometric(planes.map((name) => share(name, 'native'))),
    '>= 0.5',
  ),
  must('WASM SIMD128: the same', geometric(planes.map((name) => share(name, 'wasm'))), '>= 0.4'),
];
console.log(`## Musts\n\n${mustTable(musts)}`);
if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine: machine(), best, musts }, null, 1)}\n`);
