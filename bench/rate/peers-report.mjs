// The tables of the peers study.
import { peerMusts } from './musts.mjs';
import { digits, table } from './report.mjs';

const span = (interval) => (interval ? `${digits(interval[0], 0)}–${digits(interval[1], 0)}` : '–');

/** Markdown and musts from measured rows. */
export function peersReport(rows, { missing, levels, target, ratio }) {
  const parts = [];
  const sets = [...new Set(rows.map((row) => row.set))];
  const cuts = [...new Set(rows.map((row) => row.cut))];
  const find = (set, cut, name) => rows.find((r) => r.set === set && r.cut === cut && r.peer.name === name);
  for (const set of sets) {
    for (const cut of cuts) {
      const here = rows.filter((row) => row.set === set && row.cut === cut);
      if (here.length === 0) continue;
      const reference = find(set, cut, 'nncodec')?.readings[target];
      const order = (row) => row.readings[target].bytes ?? Number.POSITIVE_INFINITY;
      const body = [...here]
        .sort((a, b) => order(a) - order(b))
        .map((row) => {
          const at = row.readings[target];
          const against = ratio(at, reference);
          return [
            row.peer.name,
            row.peer.class,
            row.variant ??
              (row.nearest ? `nearest: ${digits(row.nearest.bytes, 0)} B at KL ${row.nearest.kl.toPrecision(2)}` : ''),
            ...levels.map((level) =>
              row.readings[level].bytes ? digits(row.readings[level].bytes, 0) : 'not reached',
            ),
            span(at.interval),
            digits((8 * at.bytes) / row.values, 3),
            digits((4 * row.values) / at.bytes, 1),
            digits(against.ratio, 3),
            against.interval ? `${digits(against.interval[0], 3)}–${digits(against.interval[1], 3)}` : '–',
            digits(row.encodeMs, 2),
            digits(row.decodeMs, 2),
          ];
        });
      const head = ['codec', 'class', 'best of its sweep', ...levels.map((level) => `bytes at KL ${level}`)];
      head.push(`95 % at ${target}`, 'bit/value', 'x below fp32', '÷ nncodec', '95 %', 'encode ms', 'decode ms');
      parts.push(`### ${set}, ${cut} (${here[0].values} values)\n\n${table(head, body)}`);
    }
  }
  if (missing.length > 0) {
    parts.push(`Missing:\n\n${missing.map(({ name, why }) => `- ${name}: ${why}`).join('\n')}`);
  }
  const about = [...new Set(rows.map((row) => `${row.peer.name}: ${row.peer.about}`))];
  return { markdown: parts.join('\n\n'), musts: peerMusts(rows, target), about };
}
