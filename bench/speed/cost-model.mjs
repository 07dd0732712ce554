// `node bench/speed/cost-model.mjs`: writes bench/speed/cost-model.json and docs/cost-model.md, what coding costs wherever it
// runs: instructions, counted under callgrind, and peak bytes of the heap, each as a line over the number of values. Neither
// depends on the clock, nor on what else a machine does.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instructions } from '../../scripts/lib/counts.mjs';
import { cache, root, which } from '../../scripts/lib/paths.mjs';
import { isMain, main } from '../../scripts/lib/run.mjs';
import { progress } from '../rate/progress.mjs';
import { table } from '../rate/report.mjs';
import { writePowers } from './frames.mjs';
import { buildNative, Native, PROGRAM } from './native.mjs';

/** Two sizes tell what a value adds from what every tensor takes: those of small cuts, and of large ones. */
const COUNTED = [12, 16];
const HELD = [16, 20];
/** Counted over so many repeats, less those of a warm-up. */
const REPEATS = [2, 4];
/** Settings that `npm run counts` counts without vectors too, by its names. */
const PORTABLE = { 'step, fast': 'fast', 'step, default': 'default', 'step, dense': 'dense' };
const TOKEN = 'token of 576 values, bare body';
const WAYS = ['encode', 'decode'];

const NOTE =
  'Instructions are those of x86-64 under callgrind. No ARM processor, no phone and no energy was measured: there, these ' +
  'figures rank the settings, and a timing of one setting has to set the scale.';

/** A line through two points `{ values, cost }`. */
export function line(small, large, digits = 2) {
  const perValue = (large.cost - small.cost) / (large.values - small.values);
  return {
    fixed: Math.max(0, Math.round(small.cost - perValue * small.values)),
    perValue: Number(perValue.toFixed(digits)),
  };
}

/** Peaks by setting and way, from rows of the native program at two sizes. */
export function peaks(rows) {
  const result = {};
  for (const setting of new Set(rows.map((row) => row.setting))) {
    const own = rows.filter((row) => row.setting === setting).sort((a, b) => a.tensor - b.tensor);
    const at = (row, way) => ({ values: row.tensor / 4, cost: row[way] });
    result[setting] = Object.fromEntries(WAYS.map((way) => [way, line(at(own[0], way), at(own.at(-1), way))]));
  }
  return result;
}

/**
 * The model.
 * @param {object} held what `peaks` gives
 * @param {object} counted instructions as lines, by setting and way
 * @param {object} stored instructions.json: per value on two paths, by compiler
 */
export function costModel(held, counted, stored) {
  const [compiler, paths] = Object.entries(stored)[0];
  const settings = {};
  for (const [setting, peak] of Object.entries(held)) {
    settings[setting] = {};
    for (const way of WAYS) {
      const kernel = `${way} ${PORTABLE[setting]}`;
      const portable = paths.portable[kernel] / paths.simd[kernel];
      settings[setting][way] = {
        instructions: counted[setting][way],
        ...(Number.isFinite(portable) && { portable: Number(portable.toFixed(2)) }),
        peakBytes: peak[way],
      };
    }
  }
  // A body has one size: all of it counts by the value.
  settings[TOKEN] = Object.fromEntries(
    WAYS.map((way) => {
      const of = (path) => paths[path][`${way} token`];
      const portable = Number((of('portable') / of('simd')).toFixed(2));
      return [way, { instructions: { fixed: 0, perValue: of('simd') }, portable }];
    }),
  );
  return { note: NOTE, compiler, settings };
}

const thousands = (count) => (count >= 1e6 ? `${(count / 1e6).toFixed(1)} M` : `${Math.round(count / 1000)} k`);

/** The page. */
export function costPage({ compiler, settings }) {
  const short = (value) => value.toFixed(value < 100 ? 1 : 0);
  const count = ({ instructions: { fixed, perValue } }) =>
    fixed ? `${short(perValue)} n + ${thousands(fixed)}` : `${short(perValue)} n`;
  const factor = ({ portable }) => portable?.toFixed(2) ?? '–';
  const peak = ({ peakBytes }) =>
    peakBytes ? `${peakBytes.perValue.toFixed(1)} n + ${Math.ceil(peakBytes.fixed / 1024)} KiB` : '–';
  const body = Object.entries(settings).map(([setting, cost]) => [
    setting,
    ...[count, factor, peak].flatMap((text) => WAYS.map((way) => text(cost[way]))),
  ]);
  const columns = ['instructions', 'without vectors ×', 'peak bytes'];
  const head = ['setting', ...columns.flatMap((name) => WAYS.map((way) => `${way}: ${name}`))];
  return `# What coding costs

For a tensor of n values, what no clock and no other load changes. \`node bench/speed/cost-model.mjs\` writes this page and
[cost-model.json](../bench/speed/cost-model.json), the same for programs.

${table(head, body)}

**Instructions** (${compiler}, AVX2): a line through 2^${COUNTED[0]} and 2^${COUNTED[1]} values of a made-up dense tensor, an encoder or decoder that has been used before;
on other tensors searches end elsewhere, so take these for the size of things. What stands without n is the price of a small tensor: tables, their costs, and
what is tried before one is chosen. *Without vectors* is the factor on the portable path, near what the scalar WASM build runs, from \`npm run counts\`, as the row of the token.

**Peaks** are of the heap, through 2^${HELD[0]} and 2^${HELD[1]} values: of a fresh encoder with the caller's float32 tensor, and of a fresh decoder with its frame and its tensor.
WASM holds the same in its own memory.

**${NOTE}** To go from instructions to time, take the nanoseconds of one row of \`npm run bench:speed\` on the machine in question.
`;
}

/** Instructions of every setting and way, as lines over the values. */
async function count(settings, files, say) {
  const result = {};
  const cost = async (file, setting, way) => {
    const totals = [];
    for (const repeats of REPEATS) {
      totals.push(await instructions(PROGRAM, ['count', file, setting, way, String(repeats)]));
    }
    return (totals[1] - totals[0]) / (REPEATS[1] - REPEATS[0]);
  };
  for (const setting of settings) {
    result[setting] = {};
    for (const way of WAYS) {
      say(`counting: ${setting}, ${way}`);
      const points = [];
      for (const [i, file] of files.entries()) {
        points.push({ values: 2 ** COUNTED[i], cost: await cost(file, setting, way) });
      }
      result[setting][way] = line(points[0], points[1], 1);
    }
  }
  return result;
}

async function write() {
  if (!which('valgrind')) throw new Error('valgrind is not installed');
  const say = progress();
  const scratch = join(cache, 'bench', 'speed');
  say('building the native program');
  await buildNative();
  const native = new Native(writePowers(scratch, HELD));
  await native.about();
  const held = peaks(await native.ask('memory'));
  native.end();
  const counted = await count(Object.keys(held), writePowers(scratch, COUNTED), say);
  const stored = JSON.parse(readFileSync(new URL('./instructions.json', import.meta.url), 'utf8'));
  const model = costModel(held, counted, stored);
  say('');
  writeFileSync(join(root, 'bench', 'speed', 'cost-model.json'), `${JSON.stringify(model, null, 2)}\n`);
  writeFileSync(join(root, 'docs', 'cost-model.md'), costPage(model));
}

if (isMain(import.meta)) await main(write);
