// `npm run bench:speed -- [OPTIONS]`: speed beside the peers, in native code and in WASM, and the peak of the heap.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cache as cacheFolder, root } from '../../scripts/lib/paths.mjs';
import { progress } from '../rate/progress.mjs';
import { mustTable } from '../rate/report.mjs';
import { machine, packageVersion } from '../rate/versions.mjs';
import { findFeatures, lackOf, writeFrames } from './frames.mjs';
import { framesStudy } from './frames-study.mjs';
import { hostsStudy } from './hosts-study.mjs';
import { memoryStudy, segmentStudy } from './memory.mjs';
import { buildNative, crateVersion, Native } from './native.mjs';
import { latencyPlot, peersPlot } from './plots.mjs';
import { poolStudy } from './pool.mjs';
import { pythonPeers } from './python.mjs';
import { sizesStudy } from './sizes-study.mjs';
import { splitStudy } from './split-study.mjs';
import { threadRounds, threadStudy } from './threads.mjs';
import { tokenStudy } from './token.mjs';

/** These need the native program. */
const NATIVE = ['frames', 'token', 'memory', 'sizes', 'threads'];
const STUDIES = [...NATIVE, 'pool', 'hosts', 'split'];

const HELP = `npm run bench:speed -- [--only STUDY,…] [--features DIR] [--rounds N] [--quick] [--json FILE] [--plots DIR]

  --only STUDY,…  ${STUDIES.join(', ')}
  --features DIR  tensors as NAME.npy (float32, images first); those that bench:rate left in .cache/bench unless given,
                  made-up ones where there are none
  --rounds N      rounds of everything in turn (30)
  --quick         8 rounds; the smaller frames, sizes up to 2^20, no peers in Python, no hosts beside Node, no network
  --json FILE     writes all figures, with the list of musts
  --plots DIR     where plots go (out/bench)`;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    features: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    plots: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const { quick } = options;
const rounds = Number(options.rounds ?? (quick ? 8 : 30));
if (!Number.isInteger(rounds) || rounds < 1) usage(`--rounds takes a positive number, not ${options.rounds}`);
const only = options.only?.split(',') ?? (quick ? NATIVE : STUDIES);
const unknown = only.find((name) => !STUDIES.includes(name));
if (unknown) usage(`--only: there is no study ${unknown}; there are ${STUDIES.join(', ')}`);
const lack = options.features && lackOf(options.features, only.includes('split'));
if (lack) usage(`--features: ${lack}`);

/** Ends with what is wrong with the options. */
function usage(what) {
  console.error(`${what}\n\n${HELP}`);
  process.exit(2);
}

const say = progress();
const cache = join(cacheFolder, 'bench');
const scratch = join(cache, 'speed');
const features = options.features ?? findFeatures(cache);
const smaller = { name: 'frames of 2^18 values', files: writeFrames(scratch, features, 2 ** 18), judged: true };

const missing = [];
if (NATIVE.some((name) => only.includes(name))) {
  say('building the native program');
  missing.push(...(await buildNative()));
}
const result = { machine: machine(), rounds, missing, versions: [], musts: [] };
const sections = [];
const add = ({ musts, markdown }, title) => {
  result.musts.push(...musts);
  sections.push(title ? `## ${title}\n\n${markdown}` : markdown);
};
let details = '';

if (only.includes('frames')) {
  const python = quick ? { rounds: () => () => [], about: [], missing: [] } : await pythonPeers({ cache, say });
  missing.push(...python.missing);
  const sets = [smaller];
  if (!quick) {
    sets.push({ name: 'frames of 2^20 values', files: writeFrames(scratch, features, 2 ** 20), judged: true });
    sets.unshift({ name: 'single images', files: writeFrames(scratch, features, 0) });
  }
  const study = await framesStudy({ sets, rounds, python, say });
  python.close?.();
  result.frames = study.frames;
  result.versions.push(`zstd ${study.about.zstd} (crate zstd)`, ...python.about);
  if (!study.about.avx2) result.versions.push('no AVX2');
  details = study.details;
  add(study);
}
if (only.includes('token') || only.includes('memory')) {
  const native = new Native(smaller.files);
  await native.about();
  if (only.includes('token')) {
    say('tokens');
    const study = await tokenStudy(native, 10 * rounds);
    result.token = study.token;
    add(study, 'A token of 576 values, bare bodies');
  }
  if (only.includes('memory')) {
    say('peaks of the heap');
    result.memory = await native.ask('memory');
    add(memoryStudy(result.memory), 'Peak of the heap');
    result.segments = await native.ask('segments');
    add(segmentStudy(result.segments));
  }
  native.end();
}
if (only.includes('sizes')) {
  const study = await sizesStudy({ scratch, rounds, largest: quick ? 20 : 24, say });
  result.sizes = study.sizes;
  add(study, 'Latency against the size of a tensor');
}
if (only.includes('threads')) {
  say('threads');
  const native = new Native([]);
  await native.about();
  result.threads = await threadRounds(native, Math.ceil(rounds / 8));
  native.end();
  add(threadStudy(result.threads), 'Threads, native');
}
if (only.includes('pool')) {
  const study = await poolStudy({ rounds: Math.ceil(rounds / 3), say });
  result.pool = study.rows;
  add(study, 'A pool of two workers, Node');
}
if (only.includes('hosts')) {
  const study = await hostsStudy({ rounds: Math.ceil(rounds / 2), say });
  result.hosts = study.rows;
  missing.push(...study.missing);
  add(study, 'WASM in other hosts');
}
if (only.includes('split')) {
  const study = await splitStudy({ features, rounds: Math.ceil(rounds / 3), say });
  result.split = study.rows;
  add(study, 'The codec’s share of split inference');
}
say('');

const crates = ['lz4_flex', 'pco', 'constriction'].filter((name) => missing.every((peer) => peer.name !== name));
const rustc = spawnSync('rustc', ['--version'], { encoding: 'utf8' }).stdout?.trim();
result.versions.unshift(`slicer-codec ${packageVersion('slicer-codec')}`, rustc);
if (result.frames) result.versions.push(...crates.map((name) => `${name} ${crateVersion(name)} (crate)`));
result.load = loadavg().map((load) => Number(load.toFixed(1)));
const absent = missing.map(({ name, why }) => `Missing: ${name} (${why}).`).join('\n');
console.log(`# Speed: ${features ? 'real tensors' : 'made-up tensors'}, ${rounds} rounds

${result.machine}; load at the end ${result.load.join(', ')}.
${absent}

${sections.join('\n\n')}

## Musts

${mustTable(result.musts)}
${details && `\n## By tensor\n\n${details}\n`}
Megabytes count fp32; best (median) of CPU time on one thread, geometric means of the best. ${result.versions.filter(Boolean).join('; ')}.`);
if (options.json) writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`);
const plots = resolve(options.plots ?? join(root, 'out', 'bench'));
const plot = (name, svg) => {
  mkdirSync(plots, { recursive: true });
  writeFileSync(join(plots, `${name}.svg`), svg);
};
const under = `${result.machine}; load ${result.load[0]}; ${rounds} rounds, the best`;
const frames = Object.entries(result.frames ?? {}).at(-1);
const kind = features ? 'Real cuts' : 'Made-up tensors';
if (frames) plot('speed-peers', peersPlot(frames[1], `${kind}, ${frames[0]}, one thread. ${under}`));
if (result.sizes) plot('speed-latency', latencyPlot(result.sizes, `Made-up dense tensors, one thread. ${under}`));
