// One peer against the judge of one cut: curves, what is read from them, and how they are kept.
import { bytesOnLine, curveOf, front, read, samples, walk } from './curve.mjs';
import { mean } from './report.mjs';
import { statisticsOf } from './stack.mjs';

/** The KL that the tables are sorted by. */
export const TARGET = 0.02;

/** Measures one peer; resolves with its curves. */
async function curvesOf(peer, context) {
  const { judge, learn } = context;
  // Ours are read at finer qualities too, where a study asks for them.
  const range = (peer.ours && context.fine) || context.range;
  // A peer behind a transform chooses its settings by what it codes.
  const statistics = peer.prepare
    ? statisticsOf(await peer.prepare(context.calibration.stack))
    : context.calibration.statistics;
  const curves = [];
  for (const { label, ladder, all, grid } of await screened(peer, statistics, context)) {
    const measure = (setting) => measured(peer, setting, judge, context);
    const each = async (settings) => {
      const points = [];
      for (const setting of settings) points.push({ setting, ...(await measure(setting)) });
      return points;
    };
    let points;
    if (grid) {
      const tuned = [];
      for (const setting of grid(statistics)) {
        tuned.push({ setting, ...(await measured(peer, setting, learn, context)) });
      }
      // Somewhat wider than what is read, for the curve on the test items is another one.
      points = await each(front(tuned, [range[0] / 2, range[1] * 2]).map(({ setting }) => setting));
    } else {
      const settings = ladder(statistics);
      points = all ? await each(settings) : await walk(settings, measure, { target: TARGET, range });
    }
    curves.push({ label, points });
  }
  return curves;
}

/** Variants of a sweep that go on to the test items; all of them do for `thorough` peers, unless a measurement is dear. */
const KEPT = 2;

/** Screens a sweep on calibration items: by a straight line through the points near the target, for KL there is noisy. */
async function screened({ variants: all, ...peer }, statistics, context) {
  const variants = context.dear ? all.filter((variant) => !variant.minor) : all;
  const walked = variants.filter(({ ladder, all }) => ladder && !all);
  if (walked.length <= KEPT || (peer.thorough && !context.dear)) return variants;
  const found = [];
  for (const variant of walked) {
    const measure = (setting) => measured(peer, setting, context.learn, context);
    const points = await walk(variant.ladder(statistics), measure, {
      target: TARGET,
      range: [0.6 * TARGET, 1.7 * TARGET],
    });
    const near = curveOf(points).filter(({ kl }) => kl > 0.4 * TARGET && kl < 2.5 * TARGET);
    found.push({ variant, bytes: near.length > 1 ? bytesOnLine(near, TARGET) : Number.POSITIVE_INFINITY });
  }
  const kept = found.sort((a, b) => a.bytes - b.bytes).slice(0, KEPT);
  return variants.filter((variant) => !walked.includes(variant) || kept.some((k) => k.variant === variant));
}

/** Bytes, KL and agreement of every item under one setting; from the store when it is there. */
function measured(peer, setting, judge, { store, python, calibration, say, key }) {
  const parts = [...key, judge.id, peer.name, peer.version, JSON.stringify(setting)];
  return store.get(parts, async () => {
    say(`${judge.id}: ${peer.name}, ${JSON.stringify(setting)}`);
    if (judge.measure) return judge.measure(peer, setting, { python });
    const { data, bytes, encodeMs, decodeMs } = await peer.run(judge.stack, setting, { python, calibration });
    return { bytes, encodeMs, decodeMs, ...(await judge.judge(data)) };
  });
}

/** The best of a peer's variants at each level. */
function best(curves, level, draws) {
  let found = { draws: [] };
  for (const { label, points } of curves) {
    const reading = read(points, level, draws);
    if (reading.bytes < (found.bytes ?? Number.POSITIVE_INFINITY)) {
      found = { ...reading, label, points, agreement: mean(closest(points, level).agreement) };
    }
  }
  return found;
}

const closest = (points, level) => {
  const distance = (p) => Math.abs(Math.log(Math.max(1e-12, mean(p.kl)) / level));
  return points.reduce((a, b) => (a && distance(a) <= distance(b) ? a : b), undefined);
};

/** Encode and decode time an item at the setting nearest to a KL. */
function times(points, level) {
  const { encodeMs, decodeMs } = closest(points, level) ?? {};
  return { encodeMs, decodeMs };
}

/** The setting nearest to the target: all there is to say of a peer that does not reach it. */
function nearest(points) {
  const point = closest(points, TARGET);
  return point && { bytes: mean(point.bytes), kl: mean(point.kl), setting: point.setting };
}

/** Measures a peer at a cut and reads its curves at `levels`. */
export async function compare(peer, context, levels) {
  const draws = samples(context.judge.stack.dims[0], context.quick ? 200 : 1000);
  const curves = await curvesOf(peer, context);
  const readings = Object.fromEntries(levels.map((level) => [level, best(curves, level, draws)]));
  const all = curves.flatMap((curve) => curve.points);
  const { label: variant, points } = readings[TARGET];
  return { peer, curves, readings, variant, nearest: nearest(all), ...times(points ?? all, TARGET) };
}

/** Rows as JSON keeps them: means of every point, readings with their intervals. */
export function plain(rows) {
  return rows.map(({ peer, curves, readings, ...row }) => ({
    ...row,
    peer: peer.name,
    class: peer.class,
    ...(peer.ours ? { ours: true } : {}),
    readings: Object.fromEntries(
      Object.entries(readings).map(([level, { bytes, interval, label }]) => [level, { bytes, interval, label }]),
    ),
    curves: curves.map(({ label, points }) => ({
      label,
      points: curveOf(points).map((p, i) => ({
        ...p,
        setting: points[i].setting,
        agreement: mean(points[i].agreement),
      })),
    })),
  }));
}
