// A pool of two workers against calls one after the other, in Node: wall time of two frames, so the cores have to be free for it to
// mean anything; and one frame alone, which shows what the way to a worker and back costs.
import { loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { decode, encode } from 'slicer-codec';
import { createPool } from 'slicer-codec/pool';
import { digits, table } from '../rate/report.mjs';
import { powerOfTwo } from './made-up.mjs';
import { EFFORTS, stepOf } from './settings.mjs';

const EXPONENTS = [20, 22];
const WORKERS = 2;

/** Resolves with rows by size and effort, best milliseconds of `rounds`, and Markdown. */
export async function poolStudy({ rounds, say }) {
  const pool = createPool({ size: WORKERS });
  const rows = [];
  try {
    for (const exponent of EXPONENTS) {
      const tensor = { type: 'float32', ...powerOfTwo(exponent) };
      for (const [name, effort] of EFFORTS) {
        say(`pool: 2^${exponent} values, ${effort}`);
        const options = { budget: { step: stepOf(tensor.data) }, effort, report: false };
        rows.push({ values: 2 ** exponent, codec: name, ...(await measure(pool, tensor, options, rounds)) });
      }
    }
  } finally {
    await pool.close();
  }
  return { rows, musts: [], markdown: markdownOf(rows) };
}

/** Best milliseconds both ways of: a call and two of them, in this thread; a job alone, and one for every worker. */
async function measure(pool, tensor, options, rounds) {
  const { bytes } = encode(tensor, options);
  const ways = {
    encode: [() => encode(tensor, options), () => pool.encodeAsync(tensor, options)],
    decode: [() => decode(bytes), () => pool.decodeAsync(bytes)],
  };
  const result = {};
  for (const [way, [plain, job]] of Object.entries(ways)) {
    const best = { plain: Infinity, alone: Infinity, all: Infinity };
    // The first round starts the workers, and is beaten by the others.
    for (let i = 0; i <= rounds; i++) {
      best.plain = Math.min(best.plain, await time(plain));
      best.alone = Math.min(best.alone, await time(job));
      best.all = Math.min(best.all, await time(() => Promise.all(Array.from({ length: WORKERS }, job))));
    }
    result[way] = best;
  }
  return result;
}

async function time(action) {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

function markdownOf(rows) {
  const cell = ({ plain, alone, all }) =>
    `${digits(plain, 1)} / ${digits(alone, 1)} / ${digits(all, 1)} (${digits((WORKERS * plain) / all, 2)})`;
  const head = (way) => `${way} ms: a call / a job / ${WORKERS} jobs (calls in that time)`;
  const cells = rows.map((row) => [`2^${Math.log2(row.values)}`, row.codec, cell(row.encode), cell(row.decode)]);
  const load = loadavg().map((n) => n.toFixed(1));
  return `${table(['values', 'codec', head('encode'), head('decode')], cells)}

Wall time in Node, best of all rounds; the pool copies what it is given. Load average of the machine ${load.join(', ')}.`;
}
