// What our rows have to show against the peers' on images; see the tables for the rows themselves.
import { ratio } from './curve.mjs';
import { must } from './report.mjs';

/** The linear bottlenecks that headlines are made of. */
const HEADLINE = ['b4', 'b7', 'b10', 'b14'];
const CLASSES = {
  'self-contained': { mean: '<= 0.88', each: '<= 0.97', fp32: '>= 24' },
  calibrated: { mean: '<= 0.72', each: '<= 0.8', fp32: '>= 30' },
};

const geometric = (values) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

/** The best of our rows of a class at a cut. */
function bestOf(rows, set, cut, rowClass, target) {
  const ours = rows.filter((r) => r.set === set && r.cut === cut && r.peer.ours && r.peer.class === rowClass);
  return ours.reduce(
    (a, b) => ((b.readings[target].bytes ?? 1e99) < (a?.readings[target].bytes ?? 1e99) ? b : a),
    undefined,
  );
}

/** The list of musts; those whose cuts were not measured are left out. */
export function peerMusts(rows, target) {
  const musts = [];
  const sets = [...new Set(rows.map((row) => row.set))];
  const of = (set, cut, name) =>
    rows.find((r) => r.set === set && r.cut === cut && r.peer.name === name)?.readings[target];
  for (const [rowClass, bounds] of Object.entries(CLASSES)) {
    const means = {};
    for (const set of sets) {
      const ratios = [];
      for (const cut of HEADLINE) {
        const best = bestOf(rows, set, cut, rowClass, target);
        const { ratio: value } = ratio(best?.readings[target], of(set, cut, 'nncodec'));
        if (value === undefined) continue;
        ratios.push(value);
        musts.push(must(`${rowClass}, ${set}, ${cut}: ${best.peer.name} / nncodec (a)`, value, bounds.each));
        const behind = rows.find(
          (r) => r.set === set && r.cut === cut && r.peer.name.startsWith('nncodec (b)') && r.peer.class === rowClass,
        );
        if (rowClass === 'calibrated' && behind) {
          const { ratio: other } = ratio(best.readings[target], behind.readings[target]);
          if (other) musts.push(must(`calibrated, ${set}, ${cut}: ${best.peer.name} / nncodec (b)`, other, '<= 1'));
        }
        if (cut === 'b10' || cut === 'b14') {
          const below = (4 * best.values) / best.readings[target].bytes;
          musts.push(must(`${rowClass}, ${set}, ${cut}: times below fp32 at KL ${target}`, below, bounds.fp32));
        }
      }
      if (ratios.length === HEADLINE.length) {
        means[set] = geometric(ratios);
        musts.push(
          must(
            `${rowClass}, ${set}: geometric mean over ${HEADLINE.join(', ')} / nncodec (a)`,
            means[set],
            bounds.mean,
          ),
        );
      }
    }
    const [first, second] = sets.map((set) => means[set]);
    if (rowClass === 'calibrated' && first && second) {
      musts.push(must(`calibrated: ratio on ${sets[1]} over that on ${sets[0]}`, second / first, '<= 1.08'));
    }
  }
  for (const set of sets) {
    const literal = HEADLINE.map((cut) => [
      bestOf(rows, set, cut, 'calibrated', target),
      of(set, cut, 'literal pipeline (2511.11608)'),
    ]);
    const ratios = literal.map(([ours, other]) => ratio(ours?.readings[target], other).ratio).filter(Boolean);
    if (ratios.length > 0) {
      musts.push(
        must(
          `calibrated, ${set}: / literal pipeline with entropy-coded mask, geometric mean`,
          geometric(ratios),
          '<= 0.45',
        ),
      );
    }
    const pooled =
      bestOf(rows, set, 'pooled', 'calibrated', target) ?? bestOf(rows, set, 'pooled', 'self-contained', target);
    const { ratio: value } = ratio(pooled?.readings[target], of(set, 'pooled', 'nncodec'));
    if (value) musts.push(must(`${set}, pooled: ${pooled.peer.name} / nncodec (a)`, value, '<= 1'));
  }
  return musts;
}
