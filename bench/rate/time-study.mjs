// Time of our efforts beside nncodec's at fixed settings near KL 0.02, in one run: rounds alternate, so that all see the same load.
import { decode, encode } from 'slicer-codec';
import { digits, must, table } from './report.mjs';
import { firstOf, items, loadStack, statisticsOf } from './stack.mjs';

const ITEMS = 12;
const ROUNDS = 5;
const EFFORTS = ['fast', 'default', 'dense'];
/** Bounds as multiples of nncodec's speed, and of its encode time. */
const BOUNDS = { fast: { encode: '>= 5', decode: '>= 2' }, dense: { encode: '>= 0.5', decode: '>= 0.25' } };
/** A step of ours and a qp of nncodec's at which the answers suffer about alike, in parts of the root mean square. */
const STEP = 0.9;
const qpOf = (rms) => Math.round(4 * Math.log2(rms)) - 2;

/** Milliseconds an item of encoding and decoding with fixed options. */
function timeOurs(tensors, options) {
  const t0 = performance.now();
  const streams = tensors.map((tensor) => encode(tensor, { report: false, ...options }).bytes);
  const t1 = performance.now();
  for (const stream of streams) decode(stream);
  const t2 = performance.now();
  const bytes = streams.reduce((sum, stream) => sum + stream.length, 0) / streams.length;
  return { encodeMs: (t1 - t0) / tensors.length, decodeMs: (t2 - t1) / tensors.length, bytes };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Runs the study; resolves with rows, musts and Markdown. */
export async function timeStudy({ cuts, test, python, quick, say }) {
  const rows = [];
  const musts = [];
  const there = (await python.list()).nncodec?.about;
  for (const { name } of cuts) {
    const stack = firstOf(loadStack(test, name), ITEMS);
    const { rms } = statisticsOf(stack);
    const tensors = items(stack);
    const budget = { step: STEP * rms };
    const runs = [
      ...EFFORTS.map((effort) => ({
        name: `slicer, ${effort}`,
        effort,
        run: () => timeOurs(tensors, { effort, budget }),
      })),
      { name: 'slicer, default, nrmse 0.3', search: true, run: () => timeOurs(tensors, { budget: { nrmse: 0.3 } }) },
    ];
    if (there) {
      const run = async () => {
        const { bytes, ...times } = await python.run('nncodec', stack, { qp: qpOf(rms) });
        return { ...times, bytes: bytes.reduce((a, b) => a + b, 0) / bytes.length };
      };
      runs.push({ name: 'nncodec', peer: true, run });
    }
    const measured = runs.map((entry) => ({ ...entry, rounds: [] }));
    for (let round = 0; round <= (quick ? 2 : ROUNDS); round++) {
      for (const entry of measured) {
        say(`${name}: time, ${entry.name}, round ${round}`);
        const result = await entry.run();
        // The first round warms up.
        if (round > 0) entry.rounds.push(result);
      }
    }
    const times = measured.map(({ rounds, run, ...entry }) => ({
      ...entry,
      encodeMs: median(rounds.map((r) => r.encodeMs)),
      decodeMs: median(rounds.map((r) => r.decodeMs)),
      bytes: rounds[0].bytes,
    }));
    const peer = times.find((entry) => entry.peer);
    for (const entry of times) rows.push({ cut: name, ...entry, ...speeds(entry, peer) });
    const of = (effort) => rows.find((row) => row.cut === name && row.effort === effort);
    for (const [effort, bounds] of Object.entries(peer ? BOUNDS : {})) {
      musts.push(must(`${name}, ${effort}: speed of encoding over nncodec's`, of(effort).encodeSpeed, bounds.encode));
      musts.push(must(`${name}, ${effort}: speed of decoding over nncodec's`, of(effort).decodeSpeed, bounds.decode));
    }
    const search = times.find((entry) => entry.search);
    musts.push(
      must(
        `${name}: time to search a budget over that at a fixed step`,
        search.encodeMs / of('default').encodeMs,
        '<= 6',
      ),
    );
  }
  const body = rows.map((row) => [
    `${row.cut}, ${row.name}`,
    digits(row.bytes, 0),
    digits(row.encodeMs, 2),
    digits(row.decodeMs, 2),
    digits(row.encodeSpeed, 2),
    digits(row.decodeSpeed, 2),
  ]);
  const head = ['cut, codec', 'bytes', 'encode ms', 'decode ms', 'encode speed / nncodec', 'decode speed / nncodec'];
  const note = [
    `Medians of ${quick ? 2 : ROUNDS} alternating rounds over ${ITEMS} tensors, one thread each; ours is WASM in Node (wall time), nncodec`,
    'native code under Python (CPU time). Only ratios mean something.',
  ].join('\n');
  return { rows, musts, markdown: `${table(head, body)}\n\n${note}`, about: there ? [there] : [] };
}

function speeds({ encodeMs, decodeMs }, peer) {
  return peer ? { encodeSpeed: peer.encodeMs / encodeMs, decodeSpeed: peer.decodeMs / decodeMs } : {};
}
