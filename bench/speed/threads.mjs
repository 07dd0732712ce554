// One thread against two on a tensor of 2^22 values, natively: wall time, so the cores have to be free for it to mean anything.
import { loadavg } from 'node:os';
import { digits, must, table } from '../rate/report.mjs';

/** Best of several askings, by codec and number of threads. */
export async function threadRounds(native, rounds) {
  const best = new Map();
  for (let i = 0; i < rounds; i++) {
    for (const row of await native.ask('threads')) {
      const key = `${row.codec} ${row.threads}`;
      const old = best.get(key) ?? row;
      best.set(key, { ...row, encode: Math.min(row.encode, old.encode), decode: Math.min(row.decode, old.decode) });
    }
  }
  return [...best.values()];
}

/** A table and the musts. */
export function threadStudy(rows) {
  const pairs = [...new Set(rows.map((row) => row.codec))].map((codec) => {
    const [one, two] = [1, 2].map((threads) => rows.find((row) => row.codec === codec && row.threads === threads));
    return { codec, one, two };
  });
  const ratio = ({ one, two }, way) => one[way] / two[way];
  const musts = pairs.flatMap((pair) =>
    ['encode', 'decode'].map((way) =>
      must(`two threads / one, ${way} of 2^22 values: ${pair.codec.split(':')[0]}`, ratio(pair, way), '>= 1.7'),
    ),
  );
  const cell = ({ one, two }, way) =>
    `${digits(one[way] / 1e6, 1)} / ${digits(two[way] / 1e6, 1)} = ${digits(one[way] / two[way], 2)}`;
  const markdown = table(
    ['codec', 'encode ms: one / two threads', 'decode ms'],
    pairs.map((pair) => [pair.codec, cell(pair, 'encode'), cell(pair, 'decode')]),
  );
  const load = loadavg().map((n) => n.toFixed(1));
  return {
    musts,
    markdown: `${markdown}\n\nWall time, best of all runs; load average of the machine ${load.join(', ')}.`,
  };
}
