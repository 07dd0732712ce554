// `npm run bench:speed -- [OPTIONS]`: native and WASM speed beside quantise + zstd-1, and the peak of the heap.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { progress } from '../rate/progress.mjs';
import { digits, must, mustTable, table } from '../rate/report.mjs';
import { machine, packageVersion } from '../rate/versions.mjs';
import { findFeatures, writeFrames } from './frames.mjs';
import { memoryStudy } from './memory.mjs';
import { buildNative, Native } from './native.mjs';
import { geometricMean, ratios, Timings } from './timings.mjs';
import { best, tokenRounds } from './token.mjs';
import { wasmRounds } from './wasm.mjs';

const HELP = `npm run bench:speed -- [--features DIR] [--rounds N] [--quick] [--json FILE]

  --features DIR  tensors as NAME.npy (float32, images first); those that bench:rate left in .cache/bench unless given,
                  made-up ones where there are none
  --rounds N      rounds of everything, native and WASM in turn (30)
  --quick         8 rounds, the smaller frames only
  --json FILE     writes all figures, with the list of musts`;

const { values: options } = parseArgs({
  options: {
    features: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const rounds = Number(options.rounds ?? (options.quick ? 8 : 30));
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a positive number, not ${options.rounds}`);

const PEER = 'quantise + zstd-1';
const FAST = 'slicer fast: classes';
const DEFAULT = 'slicer default: classes, contexts';
const say = progress();
const cache = join(fileURLToPath(new URL('../..', import.meta.url)), '.cache', 'bench');
const features = options.features ?? findFeatures(cache);
const sizes = options.quick ? [2 ** 18] : [2 ** 18, 2 ** 20];

say('building the native program');
await buildNative();
const result = { machine: machine(), versions: [], frames: {}, memory: [], musts: [] };
for (const size of sizes) {
  const files = writeFrames(join(cache, 'speed'), features, size);
  const [native, wasm] = [new Native(files), wasmRounds(files)];
  const about = await native.about();
  if (result.versions.length === 0) {
    const rustc = spawnSync('rustc', ['--version'], { encoding: 'utf8' }).stdout?.trim();
    result.versions.push(`slicer-codec ${packageVersion('slicer-codec')}`, `zstd ${about.zstd} (crate zstd)`, rustc);
    if (!about.avx2) result.versions.push('no AVX2');
  }
  const timings = new Timings();
  for (let i = 0; i < rounds; i++) {
    say(`frames of ${size} values, round ${i + 1}/${rounds}`);
    timings.add('native', await native.ask('round'));
    timings.add('WASM', wasm());
  }
  if (size === sizes[0]) {
    result.memory = await native.ask('memory');
    const wasmToken = tokenRounds();
    const tokens = { native: [], wasm: [] };
    for (let i = 0; i < 10 * rounds; i++) {
      tokens.native.push(await native.ask('token'));
      tokens.wasm.push(wasmToken());
    }
    result.token = { native: best(tokens.native), wasm: best(tokens.wasm) };
  }
  native.end();
  result.frames[size] = timings.rows();
}
say('');

console.log(`# Speed: ${features ? 'real tensors' : 'made-up tensors'}, ${rounds} rounds\n\n${result.machine}\n`);
for (const [size, rows] of Object.entries(result.frames)) {
  const name = `frames of 2^${Math.log2(size)} values`;
  for (const [codec, encode, decode] of [
    [FAST, '>= 1', '>= 0.85'],
    [DEFAULT, '>= 0.5', '>= 0.4'],
  ]) {
    const native = ratios(rows, ['native', codec], ['native', PEER]);
    const wasm = ratios(rows, ['WASM', codec], ['native', codec]);
    const short = codec.split(':')[0];
    result.musts.push(
      must(`${short}: native encode / (${PEER}), ${name}`, geometricMean(native.encode), encode),
      must(`${short}: native decode / (${PEER}), ${name}`, geometricMean(native.decode), decode),
      must(`${short}: WASM encode / native, ${name}`, geometricMean(wasm.encode), '>= 0.5'),
      must(`${short}: WASM decode / native, ${name}`, geometricMean(wasm.decode), '>= 0.5'),
    );
  }
  console.log(`## ${name[0].toUpperCase()}${name.slice(1)}\n\n${speedTable(rows)}\n`);
}
const { token } = result;
const microseconds = (t) => (t.encode + t.decode) / 1000;
result.musts.push(
  must('a token of 576 values, native, microseconds both ways', microseconds(token.native), '<= 2.5'),
  must('a token of 576 values, WASM with copies, microseconds both ways', microseconds(token.wasm), '<= 5'),
);
console.log(`## A token of 576 values, bare bodies

${table(
  ['host', 'bytes', 'encode µs', 'decode µs'],
  [
    ...Object.entries(token).map(([host, t]) => [
      host,
      t.bytes,
      digits(t.encode / 1000, 2),
      digits(t.decode / 1000, 2),
    ]),
    ['int8 absmax, native, both ways', 580, digits(token.native.int8 / 1000, 2), ''],
  ],
)}
`);
const memory = memoryStudy(result.memory);
result.musts.push(...memory.musts);
console.log(`## Peak of the heap\n\n${memory.markdown}\n\n## Musts\n\n${mustTable(result.musts)}\n`);
console.log(
  `Megabytes count fp32; best (median) of CPU time on one thread. ${result.versions.filter(Boolean).join('; ')}.`,
);
if (options.json) writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`);

function speedTable(rows) {
  const speed = (row, way) => {
    const megabytes = (nanoseconds) => digits((4000 * row.values) / nanoseconds, 0);
    return `${megabytes(row[way].best)} (${megabytes(row[way].median)})`;
  };
  return table(
    ['tensor', 'codec', 'bits/value', 'encode MB/s', 'decode MB/s', 'encode ns/value', 'decode ns/value'],
    rows.map((row) => [
      row.case.replace(/-.*/, ''),
      `${row.codec}, ${row.host}`,
      digits((8 * row.bytes) / row.values, 3),
      speed(row, 'encode'),
      speed(row, 'decode'),
      digits(row.encode.best / row.values, 2),
      digits(row.decode.best / row.values, 2),
    ]),
  );
}
