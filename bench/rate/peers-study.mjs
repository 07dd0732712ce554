// Every peer at every cut: real streams, decoded, through the tail; bytes read at equal KL of the network's answers.
import { basename } from 'node:path';
import { curveOf, front, ratio, read, samples, walk } from './curve.mjs';
import { INPUT } from './cuts.mjs';
import { loadPeers } from './peers/index.mjs';
import { peersReport } from './peers-report.mjs';
import { mean } from './report.mjs';
import { loadStack, StackJudge, statisticsOf } from './stack.mjs';

export const TARGET = 0.02;
const LEVELS = [0.01, 0.02, 0.05];
/** Calibration items on which peers with several parameters are tuned. */
const TUNING = 16;
const RANGE = [0.008, 0.06];
const RANGE_QUICK = [0.015, 0.03];

/** Measures one peer at one cut; resolves with its curves. */
async function curvesOf(peer, context) {
  const { judge, learn, range } = context;
  // A peer behind a transform chooses its settings by what it codes.
  const statistics = peer.prepare
    ? statisticsOf(await peer.prepare(context.calibration.stack))
    : context.calibration.statistics;
  const curves = [];
  for (const { label, ladder, all, grid } of peer.variants) {
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

/** Bytes, KL and agreement of every item under one setting; from the store when it is there. */
function measured(peer, setting, judge, { store, python, calibration, say, key }) {
  const parts = [...key, judge.id, peer.name, peer.version, JSON.stringify(setting)];
  return store.get(parts, async () => {
    say(`${judge.id}: ${peer.name}, ${JSON.stringify(setting)}`);
    const { data, bytes, encodeMs, decodeMs } = await peer.run(judge.stack, setting, { python, calibration });
    return { bytes, encodeMs, decodeMs, ...(await judge.judge(data)) };
  });
}

/** The best of a peer's variants at each level. */
function best(curves, level, draws) {
  let found = { draws: [] };
  for (const { label, points } of curves) {
    const reading = read(points, level, draws);
    if (reading.bytes < (found.bytes ?? Number.POSITIVE_INFINITY)) found = { ...reading, label, points };
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

/** What a peer does that does not reach the target: its setting nearest to it. */
function nearest(points) {
  const point = closest(points, TARGET);
  return point && { bytes: mean(point.bytes), kl: mean(point.kl), setting: point.setting };
}

/** Judges and statistics of one cut of one set. */
function contextOf(cut, set, features) {
  const stack = loadStack(set.calibration, cut);
  return {
    judge: new StackJudge({ features, folder: set.folder, name: cut }),
    learn: new StackJudge({ features, folder: set.calibration, name: cut, count: TUNING }),
    calibration: { stack, statistics: statisticsOf(stack), cut, features },
  };
}

/** Runs the study over the sets of tensors `{ name, folder, calibration }`; resolves with rows, musts and Markdown. */
export async function peersStudy({ cuts, features, store, sets, python, wantedPeers, quick, say, data }) {
  const { peers, missing } = await loadPeers(wantedPeers, python);
  const rows = [];
  for (const set of await sets()) {
    // One cut's tensors at a time, and those of the input, which belong to every cut.
    const open = new Map();
    const contextAt = (cut) => {
      if (!open.has(cut)) {
        for (const other of open.keys()) if (other !== INPUT) open.delete(other);
        open.set(cut, contextOf(cut, set, features));
      }
      return open.get(cut);
    };
    for (const { name } of cuts) {
      const draws = samples(loadStack(set.folder, name).dims[0], quick ? 200 : 1000);
      const range = quick ? RANGE_QUICK : RANGE;
      const common = { store, python, say, range, key: ['peers', basename(features.folder)] };
      for (const peer of peers) {
        const context = contextAt(peer.cut ?? name);
        const { dims } = context.judge.stack;
        if (peer.suits && !peer.suits(name, dims.slice(1))) continue;
        let curves;
        try {
          curves = await curvesOf(peer, { ...common, ...context });
        } catch (error) {
          missing.push({ name: `${peer.name} at ${name}`, why: error.message });
          continue;
        }
        const readings = Object.fromEntries(LEVELS.map((level) => [level, best(curves, level, draws)]));
        rows.push({
          set: set.name,
          cut: name,
          peer,
          values: contextAt(name).calibration.stack.data.length / contextAt(name).calibration.stack.dims[0],
          curves,
          readings,
        });
        const { bytes, label, points } = readings[TARGET];
        const all = curves.flatMap((curve) => curve.points);
        Object.assign(rows.at(-1), { variant: label, bytes, nearest: nearest(all), ...times(points ?? all, TARGET) });
      }
    }
  }
  return { ...peersReport(rows, { missing, levels: LEVELS, target: TARGET, ratio, data }), curves: plain(rows) };
}

/** The rows as JSON keeps them: means of every point, readings with their intervals. */
function plain(rows) {
  return rows.map(({ peer, curves, readings, ...row }) => ({
    ...row,
    peer: peer.name,
    class: peer.class,
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
