// What our rows have to show on a language model's hidden states, in bytes a token.
import { read } from './curve.mjs';
import { must } from './report.mjs';

const LAYERS = ['h8', 'h15'];
/** Bytes of q8_0 for 576 values. */
const Q8 = 612;

/** Rows of ours: `tier` of a peer names what only some of them are held to ('mean-and-scale'). */
const BOUNDS = [
  { name: 'self-contained single tokens', bound: '<= 209', of: (p) => p.class === 'self-contained' && p.single },
  { name: '127-token prefill, self-contained', bound: '<= 184', of: (p) => p.class === 'self-contained' && !p.single },
  {
    name: 'mean-and-scale profile, single tokens',
    bound: '<= 187',
    of: (p) => p.tier === 'mean-and-scale' && p.single,
  },
  { name: 'best calibrated, single tokens', bound: '<= 168', of: (p) => p.class === 'calibrated' && p.single },
];

function best(rows, level, of) {
  const known = rows.filter((row) => row.peer.ours && of(row.peer) && row.readings[level]?.bytes !== undefined);
  return known.reduce((a, b) => (a && a.readings[level].bytes <= b.readings[level].bytes ? a : b), undefined);
}

/** The list of musts; what was not measured or not reached is left out. */
export function textMusts(rows, tokens, target) {
  const musts = [];
  for (const layer of LAYERS) {
    const here = rows.filter((row) => row.cut === layer);
    for (const { name, bound, of } of BOUNDS) {
      const row = best(here, target, of);
      if (row)
        musts.push(
          must(
            `${layer}, ${name}, bytes a token at KL ${target}: ${row.peer.name}`,
            row.readings[target].bytes / tokens,
            bound,
          ),
        );
    }
    const prefill = best(here, target, BOUNDS[1].of);
    const peer = here.find((row) => row.peer.name === 'nncodec')?.readings[target].bytes;
    if (prefill && peer)
      musts.push(
        must(`${layer}, prefill: ${prefill.peer.name} / nncodec`, prefill.readings[target].bytes / peer, '<= 1'),
      );
    const fine = best(here, 0.002, (p) => p.single);
    if (fine)
      musts.push(
        must(
          `${layer}, KL 0.002, of q8_0's bytes: ${fine.peer.name}`,
          fine.readings[0.002].bytes / tokens / Q8,
          '<= 0.6',
        ),
      );
    const q8 = here.find((row) => row.peer.name === 'q8_0');
    const [own, name] = q8 ? atKl(here, q8.nearest.kl) : [];
    if (own) musts.push(must(`${layer}, q8_0's own KL, of q8_0's bytes: ${name}`, own / tokens / Q8, '<= 0.8'));
  }
  return musts;
}

/** The fewest bytes of our single-token rows at any KL, and whose they are. */
function atKl(rows, kl) {
  let [least, name] = [undefined, undefined];
  for (const row of rows.filter((r) => r.peer.ours && r.peer.single)) {
    for (const { points } of row.curves) {
      const { bytes } = read(points, kl, []);
      if (bytes !== undefined && !(bytes >= least)) [least, name] = [bytes, row.peer.name];
    }
  }
  return [least, name];
}
