// Questions at random, and how the planner's answers compare with what was measured.
import { nameOf } from 'slicer-codec/plan';

/** What is close enough: a tenth. */
const CLOSE = 1.1;

const bound = (constraints, measured) =>
  (constraints.latencyMs === undefined || measured.latencyMs <= constraints.latencyMs) &&
  (constraints.bytes === undefined || measured.sent <= constraints.bytes) &&
  (constraints.kl === undefined || measured.kl <= constraints.kl) &&
  (constraints.memoryBytes === undefined || measured.memoryBytes <= constraints.memoryBytes);
const objective = { latency: (m) => m.latencyMs, server: (m) => m.decodeMs + m.tailMs, bytes: (m) => m.sent };

/** A question at random, around what the options have. */
export function question(measured, random) {
  const near = (key, low, high) => {
    const values = measured.map((m) => m[key]).sort((a, b) => a - b);
    return values[Math.floor(random() * values.length)] * (low + random() * (high - low));
  };
  const maybe = (share, value) => (random() < share ? value() : undefined);
  return {
    objective: ['latency', 'server', 'bytes'][Math.floor(3 * random())],
    exclude: random() < 0.5 ? ['local'] : [],
    constraints: {
      latencyMs: maybe(0.5, () => near('latencyMs', 0.7, 1.5)),
      bytes: maybe(0.3, () => near('sent', 0.8, 1.3)),
      kl: maybe(0.5, () => [0.001, 0.01, 0.02, 0.1, 0.3][Math.floor(5 * random())]),
      memoryBytes: maybe(0.3, () => near('memoryBytes', 0.8, 1.3)),
    },
  };
}

/** The planner's answer against the best of what was measured. */
export function judge(model, link, asked, measured, ask) {
  const allowed = measured.filter(({ option }) => !(asked.exclude ?? []).includes(option.kind));
  const read = objective[asked.objective];
  const fits = allowed.filter((m) => bound(asked.constraints, m));
  const best = fits.reduce((a, b) => (a === undefined || read(b) < read(a) ? b : a), undefined);
  const row = {
    network: model.name,
    link: link.name,
    asked,
    best: best && { ...best, option: undefined, name: nameOf(best.option) },
  };
  let answer;
  try {
    answer = ask();
  } catch (error) {
    // Contradictions that the planner refuses to search are infeasible as well.
    if (error.code !== 'invalid_option') throw error;
    return { ...row, chosen: `refused: ${error.message}`, ok: best === undefined, ratio: undefined };
  }
  if (!answer.met) {
    // Right where nothing measured fits with a tenth to spare.
    const loose = allowed.some((m) => bound(slack(asked.constraints, 1 / CLOSE), m));
    return {
      ...row,
      chosen: 'cannot be met',
      ok: best === undefined || !loose,
      exact: best === undefined,
      ratio: undefined,
    };
  }
  const { chosen } = answer;
  const mine = measured.find(
    ({ option }) => option.kind === chosen.kind && option.cut === chosen.cut && option.setting === chosen.setting,
  );
  const holds = bound(slack(asked.constraints, CLOSE), mine);
  const ratio =
    best === undefined
      ? undefined
      : read(best) === 0
        ? read(mine) === 0
          ? 1
          : Number.POSITIVE_INFINITY
        : read(mine) / read(best);
  return {
    ...row,
    chosen: nameOf(chosen),
    predicted: { latencyMs: chosen.latencyMs, serverMs: chosen.serverMs, bytes: chosen.bytes },
    measured: { latencyMs: mine.latencyMs, serverMs: mine.decodeMs + mine.tailMs, bytes: mine.sent },
    exact: bound(asked.constraints, mine),
    ok: holds && (ratio === undefined || ratio <= CLOSE),
    ratio,
  };
}

function slack(constraints, factor) {
  const { latencyMs, ...rest } = constraints;
  // Only times are measured with noise; bytes, KL and memory are exact.
  return { ...rest, latencyMs: latencyMs === undefined ? undefined : latencyMs * factor };
}

/** A question in a line. */
export const words = ({ objective: goal, exclude, constraints }) =>
  [
    `least ${goal}`,
    ...(exclude.length > 0 ? [`not ${exclude.join(', ')}`] : []),
    ...Object.entries(constraints).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key} ≤ ${Number(value.toPrecision(3))}`],
    ),
  ].join(', ');
