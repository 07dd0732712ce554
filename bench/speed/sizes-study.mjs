// Latency and time per value against the size of a tensor, from 2^8 to 2^24 values, native and WASM.
import { digits, must, table } from '../rate/report.mjs';
import { writePowers } from './frames.mjs';
import { Native } from './native.mjs';
import { EFFORTS, PEER } from './settings.mjs';
import { Timings } from './timings.mjs';
import { HOSTS, wasmRounds } from './wasm.mjs';

const EXPONENTS = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 22, 24];
/** From here on the time per value has to be the same, within a quarter. */
const EVEN_FROM = 14;
const EVEN = 1.25;
/** Large tensors take part in every so many rounds. */
const everyOf = (exponent) => (exponent > 20 ? 3 : 1);

/** `largest`: an exponent. Resolves with rows by size, musts and Markdown. */
export async function sizesStudy({ scratch, rounds, largest = 24, say }) {
  const exponents = EXPONENTS.filter((k) => k <= largest);
  const files = writePowers(scratch, exponents);
  const timings = new Timings();
  // A program each, so that only one size of tensors is held beside the largest.
  const sizes = [];
  for (const [i, k] of exponents.entries()) {
    const native = new Native([files[i]]);
    await native.about();
    sizes.push({ k, native, wasm: await wasmRounds([files[i]], HOSTS['WASM with copies']) });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { k, native, wasm } of sizes) {
      if (round % everyOf(k) > 0) continue;
      say(`2^${k} values, round ${round + 1}/${rounds}`);
      timings.add('native', await native.ask('round slicer'));
      timings.add('native', await native.ask(`round ${PEER}`));
      timings.add('native', await native.ask('round int8'));
      timings.add('WASM', wasm());
    }
  }
  for (const { native } of sizes) native.end();
  const rows = timings.rows();
  const curves = [...new Set(rows.map((row) => `${row.codec} | ${row.host}`))].map((key) => {
    const [codec, host] = key.split(' | ');
    const own = rows.filter((row) => row.codec === codec && row.host === host);
    const points = own.map(({ values, bytes, encode, decode }) => ({ values, bytes, encode, decode }));
    return { codec, host, points: points.sort((a, b) => a.values - b.values) };
  });
  const musts = curves
    .filter(({ codec }) => EFFORTS.some(([name]) => name === codec))
    .flatMap(({ codec, host, points }) =>
      ['encode', 'decode'].map((way) => {
        const name = `${codec.split(':')[0]}: ${host} ${way}, slowest / fastest size from 2^${EVEN_FROM} values on`;
        return must(name, spread(points, way, 2 ** EVEN_FROM), `<= ${EVEN}`);
      }),
    );
  return { sizes: curves, musts, markdown: markdownOf(curves) };
}

/** Time per value at the slowest size over that at the fastest, from a size on. */
function spread(points, way, from) {
  const times = points.filter(({ values }) => values >= from).map((p) => p[way].best / p.values);
  return Math.max(...times) / Math.min(...times);
}

/** From which size on the time per value is the same, within a quarter. */
function evenFrom({ points }, way) {
  const { values } = points.find((point) => spread(points, way, point.values) <= EVEN);
  return `2^${Math.log2(values)}`;
}

function markdownOf(curves) {
  const sizes = curves[0].points.map(({ values }) => values);
  const cell = ({ points }, values, text) => {
    const point = points.find((p) => p.values === values);
    return point ? text(point) : '–';
  };
  const part = (title, text, more = []) =>
    `${title}\n\n${table(
      ['values', ...curves.map(({ codec, host }) => `${codec.split(':')[0]}, ${host}`)],
      [
        ...sizes.map((values) => [`2^${Math.log2(values)}`, ...curves.map((curve) => cell(curve, values, text))]),
        ...more,
      ],
    )}`;
  const micro = (t) => digits(t.best / 1000, t.best < 1e5 ? 2 : 0);
  return [
    part('Latency, µs: encode + decode', ({ encode, decode }) => `${micro(encode)} + ${micro(decode)}`),
    part(
      'Nanoseconds a value: encode + decode',
      ({ values, encode, decode }) => `${digits(encode.best / values, 2)} + ${digits(decode.best / values, 2)}`,
      [
        [
          'even within a quarter from',
          ...curves.map((curve) => `${evenFrom(curve, 'encode')} + ${evenFrom(curve, 'decode')}`),
        ],
      ],
    ),
  ].join('\n\n');
}
