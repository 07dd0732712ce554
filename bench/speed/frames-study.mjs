// Speed on frames of real tensors: ours, native and WASM, beside the peers, in one interleaved run.
import { digits, must, table } from '../rate/report.mjs';
import { Native } from './native.mjs';
import { DEFAULT, FAST, PEER } from './settings.mjs';
import { geometricMean, meanRatios, Timings } from './timings.mjs';
import { HOSTS, wasmRounds } from './wasm.mjs';

/** Peers in Python take part in every so many rounds: some of them take seconds. */
const PYTHON_EVERY = 5;

/** What is asked of a codec against `quantise + zstd-1`. */
const BOUNDS = [
  [FAST, '>= 1', '>= 0.85'],
  [DEFAULT, '>= 0.5', '>= 0.4'],
];

/** What is asked of decoding against peers that are no match for it; of SZ3, the mode that makes the smallest frames. */
const DECODE_BOUNDS = [
  ['quantise + pco', '>= 3'],
  ['SZ3, smallest', '>= 4'],
  ['constriction rANS, core only', '>= 5'],
];

/**
 * @param {{ name: string, files: string[] }[]} sets named lists of frames; musts are of those marked `judged`
 * @returns rows by set, musts and Markdown
 */
export async function framesStudy({ sets, rounds, python, say }) {
  const [frames, musts, parts] = [{}, [], []];
  for (const { name, files, judged } of sets) {
    const native = new Native(files);
    const about = await native.about();
    const wasm = [];
    for (const [name, host] of Object.entries(HOSTS)) wasm.push([name, await wasmRounds(files, host)]);
    const pythonRound = python.rounds(files);
    const timings = new Timings();
    for (let i = 0; i < rounds; i++) {
      say(`${name}, round ${i + 1}/${rounds}`);
      timings.add('native', await native.ask('round'));
      for (const [host, round] of wasm) timings.add(host, round());
      if (i % PYTHON_EVERY === 0) timings.add('native', await pythonRound());
    }
    native.end();
    const rows = withSmallest(timings.rows());
    frames[name] = rows;
    if (judged) musts.push(...mustsOf(rows, name));
    parts.push({ name, rows, avx2: about.avx2, zstd: about.zstd });
  }
  const markdown = parts.map(
    ({ name, rows }) => `## ${name[0].toUpperCase()}${name.slice(1)}\n\n${summaryTable(rows)}`,
  );
  const all = parts.map(({ name, rows }) => `### ${name}\n\n${speedTable(rows)}`);
  return { frames, musts, markdown: markdown.join('\n\n'), details: all.join('\n\n'), about: parts[0] };
}

/** Adds SZ3 in the mode that makes the smallest frame of each tensor: the one a user would keep. */
function withSmallest(rows) {
  const found = [];
  for (const name of new Set(rows.map((row) => row.case))) {
    const modes = rows.filter((row) => row.case === name && row.codec.startsWith('SZ3, '));
    if (modes.length === 0) continue;
    const smallest = modes.reduce((a, b) => (b.bytes < a.bytes ? b : a));
    found.push({ ...smallest, codec: 'SZ3, smallest' });
  }
  return [...rows, ...found];
}

function mustsOf(rows, name) {
  const musts = [];
  const has = (codec) => rows.some((row) => row.codec === codec);
  for (const [codec, encode, decode] of BOUNDS) {
    const short = codec.split(':')[0];
    const add = (what, value, bound) => musts.push(must(`${short}: ${what}, ${name}`, value, bound));
    const native = meanRatios(rows, ['native', codec], ['native', PEER]);
    const wasm = meanRatios(rows, ['WASM', codec], ['native', codec]);
    const scalar = meanRatios(rows, ['WASM', codec], ['WASM scalar', codec]);
    add(`native encode / (${PEER})`, native.encode, encode);
    add(`native decode / (${PEER})`, native.decode, decode);
    add('WASM encode / native', wasm.encode, '>= 0.5');
    add('WASM decode / native', wasm.decode, '>= 0.5');
    add('WASM encode / scalar WASM', scalar.encode, '>= 2');
    add('WASM decode / scalar WASM', scalar.decode, '>= 2');
  }
  for (const [peer, bound] of DECODE_BOUNDS.filter(([peer]) => has(peer))) {
    const { decode } = meanRatios(rows, ['native', FAST], ['native', peer]);
    musts.push(must(`slicer fast: native decode / (${peer}), ${name}`, decode, bound));
  }
  return musts;
}

const megabytes = (values, nanoseconds) => (4000 * values) / nanoseconds;

/** Geometric means over the tensors, by best times. */
function summaryTable(rows) {
  const keys = [...new Set(rows.map((row) => `${row.codec} | ${row.host}`))];
  const body = keys.map((key) => {
    const [codec, host] = key.split(' | ');
    const own = rows.filter((row) => row.codec === codec && row.host === host);
    const speed = (way) => geometricMean(own.map((row) => megabytes(row.values, row[way].best)));
    const ratio = meanRatios(rows, [host, codec], ['native', PEER]);
    return [
      `${codec}, ${host}`,
      digits(geometricMean(own.map((row) => (8 * row.bytes) / row.values)), 3),
      digits(speed('encode'), 0),
      digits(speed('decode'), 0),
      digits(ratio.encode, 2),
      digits(ratio.decode, 2),
    ];
  });
  const head = ['codec', 'bits/value', 'encode MB/s', 'decode MB/s', `encode / (${PEER})`, `decode / (${PEER})`];
  return table(head, body);
}

function speedTable(rows) {
  const speed = (row, way) => {
    const of = (nanoseconds) => digits(megabytes(row.values, nanoseconds), 0);
    return `${of(row[way].best)} (${of(row[way].median)})`;
  };
  return table(
    ['tensor', 'codec', 'bits/value', 'encode MB/s', 'decode MB/s', 'encode ns/value', 'decode ns/value'],
    rows
      .filter((row) => row.codec !== 'SZ3, smallest')
      .map((row) => [
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
