// `node bench/speed/cost-model.mjs`: writes bench/speed/cost-model.json and docs/cost-model.md, what coding costs wherever it
// runs: instructions a value, as `npm run counts` keeps them, and peak bytes of the heap, measured here and now. Neither depends
// on the clock, nor on what else a machine does.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, root } from '../../scripts/lib/paths.mjs';
import { isMain } from '../../scripts/lib/run.mjs';
import { table } from '../rate/report.mjs';
import { writePowers } from './frames.mjs';
import { buildNative, Native } from './native.mjs';

/** Two sizes tell what a value adds from what is there anyway. */
const EXPONENTS = [16, 20];
/** Settings of the native program that have instruction counts, by the names of those. */
const COUNTED = { 'step, fast': 'fast', 'step, default': 'default', 'step, dense': 'dense' };
const WAYS = ['encode', 'decode'];

const NOTE =
  'Instructions are those of one x86-64 processor under callgrind. No ARM processor, no phone and no energy was measured: ' +
  'there, these figures rank the settings, and one timing of one setting has to set the scale.';

/** Bytes at the peak as `fixed + perValue * values`, from rows of the native program at two sizes. */
export function peaks(rows) {
  const settings = [...new Set(rows.map((row) => row.setting))];
  const line = (setting, way) => {
    const own = rows.filter((row) => row.setting === setting).sort((a, b) => a.tensor - b.tensor);
    const [small, large] = [own[0], own.at(-1)].map((row) => ({ values: row.tensor / 4, bytes: row[way] }));
    const perValue = (large.bytes - small.bytes) / (large.values - small.values);
    return {
      perValue: Number(perValue.toFixed(2)),
      fixed: Math.max(0, Math.round(small.bytes - perValue * small.values)),
    };
  };
  return Object.fromEntries(
    settings.map((setting) => [setting, Object.fromEntries(WAYS.map((way) => [way, line(setting, way)]))]),
  );
}

/** The model from instruction counts (as instructions.json has them) and peaks. */
export function costModel(counts, memory) {
  const [compiler, paths] = Object.entries(counts)[0];
  const instructions = (name, way) =>
    Object.fromEntries(Object.entries(paths).map(([path, kernels]) => [path, kernels[`${way} ${name}`]]));
  const settings = {};
  for (const [setting, peak] of Object.entries(memory)) {
    const counted = COUNTED[setting];
    const of = (way) => ({
      ...(counted && { instructionsPerValue: instructions(counted, way) }),
      peakBytes: peak[way],
    });
    settings[setting] = { encode: of('encode'), decode: of('decode') };
  }
  const token = (way) => ({ instructionsPerValue: instructions('token', way) });
  settings['token of 576 values, bare body'] = { encode: token('encode'), decode: token('decode') };
  return { note: NOTE, compiler, settings };
}

/** The page. */
export function costPage({ compiler, settings }) {
  const count = (cost, path) => cost.instructionsPerValue?.[path]?.toFixed(1) ?? '–';
  const peak = ({ peakBytes }) =>
    peakBytes ? `${peakBytes.perValue.toFixed(1)} n + ${Math.ceil(peakBytes.fixed / 1024)} KiB` : '–';
  const body = Object.entries(settings).map(([setting, { encode, decode }]) => [
    setting,
    ...['simd', 'portable'].flatMap((path) => [count(encode, path), count(decode, path)]),
    peak(encode),
    peak(decode),
  ]);
  const head = [
    'setting',
    'encode, AVX2',
    'decode, AVX2',
    'encode, portable',
    'decode, portable',
    'encode: peak bytes for n values',
    'decode: peak bytes',
  ];
  return `# What coding costs

Instructions a value and peak bytes of the heap, which no clock and no other load changes. \`node bench/speed/cost-model.mjs\` writes this page and
[cost-model.json](../bench/speed/cost-model.json), the same for programs.

${table(head, body)}

Counts are those of \`npm run counts\` (${compiler}; frames of 2^16 values, effort dense of 2^12, a fixed step and no report; a frame on other
tensors differs, above all with effort dense). *Portable* is the code without vectors, near what a scalar build runs. A budget other than a step searches and checks: \`bench:rate\`,
study \`time\`, prints its time beside that at a fixed step. Peaks are of a fresh encoder, with the caller's float32 tensor, and of a fresh decoder with its
frame and its tensor, on a made-up dense tensor; WASM holds the same in its own memory. An encoder or decoder that is used again allocates nothing more.

**${NOTE}** To go from instructions to time, divide by what a core executes: on the machine of \`npm run bench:speed\`, one figure of its table and one of this
page give the instructions per nanosecond.
`;
}

async function main() {
  await buildNative();
  const native = new Native(writePowers(join(cache, 'bench', 'speed'), EXPONENTS));
  await native.about();
  const memory = peaks(await native.ask('memory'));
  native.end();
  const counts = JSON.parse(readFileSync(new URL('./instructions.json', import.meta.url), 'utf8'));
  const model = costModel(counts, memory);
  writeFileSync(join(root, 'bench', 'speed', 'cost-model.json'), `${JSON.stringify(model, null, 2)}\n`);
  writeFileSync(join(root, 'docs', 'cost-model.md'), costPage(model));
}

if (isMain(import.meta)) await main();
