// `node bench/speed/cost-model.mjs`: writes bench/speed/cost-model.json and docs/cost-model.md, what coding costs wherever it
// runs: instructions at some sizes, counted under callgrind, and peak bytes of the heap as a line over the number of values.
// Neither depends on the clock, nor on what else a machine does.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instructions } from '../../scripts/lib/counts.mjs';
import { cache, root, which } from '../../scripts/lib/paths.mjs';
import { isMain, main } from '../../scripts/lib/run.mjs';
import { progress } from '../rate/progress.mjs';
import { table } from '../rate/report.mjs';
import { writePowers } from './frames.mjs';
import { buildNative, Native, PROGRAM } from './native.mjs';

/** Exponents of the sizes that are counted: a small cut, a large one, and where what every tensor takes is no matter. */
const COUNTED = [12, 16, 18];
/** Above so many instructions a value the last size is left out: it takes minutes and tells nothing more. */
const DEAR = 2000;
/** Two sizes tell what a value adds to the peak from what every tensor takes. */
const HELD = [16, 20];
/** Counted over so many repeats, less those of a warm-up. */
const REPEATS = [2, 4];
/** Settings that `npm run counts` counts without vectors too, by its names. */
const PORTABLE = { 'step, fast': 'fast', 'step, default': 'default', 'step, dense': 'dense' };
const TOKEN_VALUES = 576;
const TOKEN = `token of ${TOKEN_VALUES} values, bare body`;
const WAYS = ['encode', 'decode'];

const NOTE =
  'Instructions are those of x86-64 under callgrind. No ARM processor, no phone and no energy was measured: there, these ' +
  'figures rank the settings, and a timing of one setting has to set the scale.';

/** A line through two points `{ values, cost }`. */
function line(small, large) {
  const perValue = (large.cost - small.cost) / (large.values - small.values);
  return {
    fixed: Math.max(0, Math.round(small.cost - perValue * small.values)),
    perValue: Number(perValue.toFixed(2)),
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
 * @param {object} counted instructions by setting, way and number of values
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
  settings[TOKEN] = Object.fromEntries(
    WAYS.map((way) => {
      const of = (path) => paths[path][`${way} token`];
      const portable = Number((of('portable') / of('simd')).toFixed(2));
      return [way, { instructions: { [TOKEN_VALUES]: Math.round(TOKEN_VALUES * of('simd')) }, portable }];
    }),
  );
  return { note: NOTE, compiler, settings };
}

/** The page. */
export function costPage({ compiler, settings }) {
  const count = ({ instructions }) =>
    Object.entries(instructions)
      .map(([values, all]) => (all / values).toFixed(all / values < 100 ? 1 : 0))
      .join(' · ');
  const factor = ({ portable }) => portable?.toFixed(2) ?? '–';
  const peak = ({ peakBytes }) =>
    peakBytes ? `${peakBytes.perValue.toFixed(1)} n + ${Math.ceil(peakBytes.fixed / 1024)} KiB` : '–';
  const body = Object.entries(settings).map(([setting, cost]) => [
    setting,
    ...[count, factor, peak].flatMap((text) => WAYS.map((way) => text(cost[way]))),
  ]);
  const columns = ['instructions a value', 'without vectors ×', 'peak bytes, n values'];
  const head = ['setting', ...columns.flatMap((name) => WAYS.map((way) => `${way}: ${name}`))];
  return `# What coding costs

What no clock and no other load changes. \`node bench/speed/cost-model.mjs\` writes this page and [cost-model.json](../bench/speed/cost-model.json), the same for
programs: instructions by number of values, to be read as straight lines from one size to the next, and on beyond the ends.

${table(head, body)}

**Instructions** (${compiler}, AVX2) at ${COUNTED.map((k) => `2^${k}`).join(', ')} values of a made-up dense tensor, without the last where that takes minutes; an encoder or decoder that has been used before.
On other tensors searches end elsewhere: take these for the size of things. What a value costs falls with the size because tables, their bytes, and what is tried before one is
chosen cost every tensor about the same. *Without vectors* is the factor on the portable path, near what the scalar WASM build runs, from \`npm run counts\`, as is the row of the token.

**Peaks** are of the heap, through 2^${HELD[0]} and 2^${HELD[1]} values: of a fresh encoder with the caller's float32 tensor, and of a fresh decoder with its frame and its tensor.
WASM holds the same in its own memory.

**${NOTE}** To go from instructions to time, take the nanoseconds of one row of \`npm run bench:speed\` on the machine in question.
`;
}

/** Instructions of every setting and way, at the sizes of the files. */
async function count(settings, files, say) {
  const result = {};
  const cost = async (file, setting, way) => {
    const totals = [];
    for (const repeats of REPEATS) {
      totals.push(await instructions(PROGRAM, ['count', file, setting, way, String(repeats)]));
    }
    return Math.round((totals[1] - totals[0]) / (REPEATS[1] - REPEATS[0]));
  };
  for (const setting of settings) {
    result[setting] = {};
    for (const way of WAYS) {
      const points = {};
      let perValue = 0;
      for (const [i, file] of files.entries()) {
        if (i === files.length - 1 && perValue > DEAR) break;
        say(`counting: ${setting}, ${way}, 2^${COUNTED[i]} values`);
        const values = 2 ** COUNTED[i];
        points[values] = await cost(file, setting, way);
        perValue = points[values] / values;
      }
      result[setting][way] = points;
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
