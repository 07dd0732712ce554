import { describe, expect, test } from 'vitest';
import {
  listOptions,
  type ModelCosts,
  type Place,
  type PlanProblem,
  plan,
  planLines,
  problemModel,
  readEval,
  readSurvey,
} from '../../src/plan/index.js';
import { sizesApart } from '../../src/plan/inputs.js';

const place: Place = { deviceMs: 100, serverMs: 10, uplink: 8e6, rtt: 20 };
const point = (setting: string, bytes: number, kl: number) => ({
  setting,
  bytes,
  quality: { kl, loss: kl / 10 },
  encodeMs: 1,
  decodeMs: 1,
});
const model: ModelCosts = {
  cuts: [
    {
      name: 'early',
      bytes: 80_000,
      headShare: 0.1,
      memoryBytes: 1e6,
      points: [point('fine', 8_000, 0.005), point('coarse', 3_000, 0.05)],
    },
    {
      name: 'late',
      bytes: 10_000,
      headShare: 0.8,
      memoryBytes: 8e6,
      points: [point('fine', 1_000, 0.004), point('coarse', 400, 0.06)],
    },
  ],
  forms: [{ form: 'JPEG 75', bytes: 12_000, quality: { kl: 0.05, loss: 0.01 } }],
  memoryBytes: 2e7,
};
const ask = (more: Partial<PlanProblem> = {}): PlanProblem => ({ model, place, objective: 'latency', ...more });
const chosen = (problem: PlanProblem) => {
  const found = plan(problem);
  if (!found.met) throw new Error(planLines(found).join('\n'));
  return found;
};

describe('options', () => {
  test('count every term, codec and header among them', () => {
    const own = { ...place, overheadBytes: 1000, downlink: 8e6, answerBytes: 3000 };
    const [option] = listOptions(ask({ place: own, exclude: ['local', 'input'] }));
    expect(option.terms).toEqual({ head: 10, encode: 1, uplink: 9, rtt: 20, decode: 1, tail: 9, answer: 4 });
    expect(option.latencyMs).toBeCloseTo(54, 9);
    expect(option.serverMs).toBeCloseTo(10, 9);
    expect(option.bytes).toBe(9000);
  });

  test('scale codec times with the machine they were measured on', () => {
    const [option] = listOptions(ask({ model: { ...model, referenceMs: 50 }, exclude: ['local', 'input'] }));
    expect(option.terms.encode).toBeCloseTo(2, 9);
    expect(option.terms.decode).toBeCloseTo(0.2, 9);
  });
});

describe('the search', () => {
  test.each([
    ['latency', {}, { kind: 'input' }],
    ['latency', { kl: 0.02 }, { kind: 'split', cut: 'early', setting: 'fine' }],
    ['bytes', { kl: 0.02 }, { kind: 'local' }],
    ['server', { latencyMs: 50 }, { kind: 'input' }],
    ['server', { latencyMs: 200, memoryBytes: 1e7 }, { kind: 'split', cut: 'late', setting: 'coarse' }],
    ['bytes', { memoryBytes: 5e6 }, { kind: 'split', setting: 'coarse', cut: 'early' }],
  ] as const)('finds the least %s under %o', (objective, constraints, wanted) => {
    expect(chosen(ask({ objective, constraints })).chosen).toMatchObject(wanted);
  });

  test('agrees with trying everything on random questions', () => {
    let state = 7;
    const random = () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state / 2 ** 32;
    };
    for (let i = 0; i < 300; i++) {
      const objective = (['latency', 'server', 'bytes'] as const)[Math.floor(3 * random())];
      const own = {
        deviceMs: 5 + 300 * random(),
        serverMs: 1 + 30 * random(),
        uplink: 1e5 + 2e7 * random(),
        rtt: 100 * random(),
      };
      const maybe = (x: number) => (random() < 0.5 ? x : undefined);
      const constraints = {
        latencyMs: maybe(200 * random()),
        memoryBytes: maybe(2e7 * random()),
        bytes: maybe(1e4 * random()),
        kl: maybe(0.1 * random()),
      };
      const problem = ask({ objective, place: own, constraints });
      const value = (o: { latencyMs: number; serverMs: number; bytes: number }) =>
        objective === 'latency' ? o.latencyMs : objective === 'server' ? o.serverMs : o.bytes;
      const fits = listOptions(problem).filter(
        (o) =>
          o.latencyMs <= (constraints.latencyMs ?? 1e9) &&
          (o.memoryBytes ?? 1e99) <= (constraints.memoryBytes ?? 1e99) &&
          o.bytes <= (constraints.bytes ?? 1e9) &&
          (o.quality.kl ?? 1e9) <= (constraints.kl ?? 1e9),
      );
      const answer = plan(problem);
      expect(answer.met).toBe(fits.length > 0);
      if (answer.met) expect(value(answer.chosen)).toBe(Math.min(...fits.map(value)));
      else expect(answer.failure.gaps.length).toBeGreaterThan(0);
    }
  });

  test('names the binding constraint, what it costs, and the runner-up', () => {
    const found = chosen(ask({ constraints: { kl: 0.02 } }));
    expect(found.binding[0]).toMatchObject({ constraint: 'kl', without: { kind: 'input', setting: 'JPEG 75' } });
    expect(found.binding[0].gain).toBeCloseTo(found.chosen.latencyMs - found.binding[0].without.latencyMs, 9);
    expect(found.runnerUp).toMatchObject({ kind: 'local' });
    const lines = planLines(found).join('\n');
    expect(lines).toMatch(/latency .* = head on the device 10 \+ encoding 1/);
    expect(lines).toContain('binding: KL ≤ 0.02');
    expect(lines).toContain('runner-up:');
  });
});

describe('what cannot be met', () => {
  test('is named with the amount it fails by', () => {
    const answer = plan(ask({ constraints: { latencyMs: 5 } }));
    expect(answer.met).toBe(false);
    expect(planLines(answer).join('\n')).toMatch(/cannot be met: latency ≤ 5 ms fails by 37 ms; nearest: send JPEG 75/);
  });

  test('is told apart from bounds that only fail together', () => {
    const answer = plan(ask({ constraints: { kl: 0.02, bytes: 2_000, latencyMs: 90 } }));
    expect(answer.met).toBe(false);
    if (answer.met) return;
    expect(answer.failure.alone).toEqual([]);
    expect(answer.failure.together.map(({ constraint }) => constraint)).toEqual(['latencyMs', 'bytes']);
    expect(planLines(answer)[0]).toMatch(/^cannot be met: latency ≤ 90 ms, where all else holds, fails by/);
  });
});

describe('bad questions', () => {
  test.each([
    ['rtt', { place: { ...place, rtt: -1 } }],
    ['uplink', { place: { ...place, uplink: 0 } }],
    ['deviceMs', { place: { ...place, deviceMs: Number.NaN } }],
    ['serverMs', { place: { ...place, serverMs: -3 } }],
    ['downlink', { place: { ...place, downlink: 0 } }],
    ['kl', { constraints: { kl: -0.1 } }],
    ['memoryBytes', { constraints: { memoryBytes: -1 } }],
    ['objective', { objective: 'beauty' as never }],
    ['exclude', { exclude: ['split', 'input', 'local'] as never }],
    ['bytes', { exclude: ['local'] as never, constraints: { bytes: 0 } }],
    ['latencyMs', { exclude: ['local'] as never, constraints: { latencyMs: 10 } }],
    ['cuts.early.headShare', { model: { ...model, cuts: [{ ...model.cuts[0], headShare: 1.5 }] } }],
    ['cuts.early.fine.bytes', { model: { ...model, cuts: [{ ...model.cuts[0], points: [point('fine', -1, 0)] }] } }],
  ])('name %s', (field, more) => {
    expect(() => plan(ask(more))).toThrow(new RegExp(`^${field.replaceAll('.', '\\.')}: `));
  });
});

describe('files', () => {
  const estimate = (value: number) => ({ value, low: value, high: value });
  const survey = {
    macs: 100,
    inputBytes: 6000,
    weightBytes: 5e6,
    cuts: [{ name: 'a', bytes: 4000, macsBefore: 25, weightBytesBefore: 1e6 }],
  };
  const evaluation = {
    format: 'slicer-eval',
    crossing: ['a'],
    summary: {
      rawBytes: 4000,
      headMs: 10,
      tailMs: 10,
      rows: [
        {
          label: 'balanced',
          kind: 'codec',
          bytes: estimate(500),
          figures: { kl: estimate(0.01) },
          loss: { top1: { value: -0.01, low: -0.02, high: 0.004 } },
          encodeMs: 1,
          decodeMs: 2,
        },
        { label: 'the input as PNG', kind: 'input', bytes: estimate(900), figures: { kl: estimate(0) }, loss: {} },
      ],
    },
  };

  test('make a model: measured shares, curves, forms, memory', () => {
    const made = problemModel({ survey: readSurvey(survey, 'cuts'), evals: [readEval(evaluation, 'eval')] });
    expect(made.cuts).toHaveLength(1);
    expect(made.cuts[0]).toMatchObject({ headShare: 0.5, memoryBytes: 1e6 + 10_000 });
    expect(made.cuts[0].points.map(({ setting }) => setting)).toEqual(['uncoded', 'balanced']);
    expect(made.cuts[0].points[1].quality).toEqual({ kl: 0.01, loss: 0.004 });
    expect(made.forms.map(({ form }) => form)).toEqual(['the input as it is', 'the input as PNG']);
    expect(made.referenceMs).toBe(20);
  });

  test('that were made for inputs of different sizes are told apart', () => {
    const evals = [readEval(evaluation, 'eval')];
    expect(sizesApart({ survey: readSurvey(survey, 'cuts'), evals })).toEqual([]);
    const other = { ...survey, cuts: [{ ...survey.cuts[0], bytes: 1000 }] };
    expect(sizesApart({ survey: readSurvey(other, 'cuts'), evals })).toEqual([
      expect.stringMatching(/^note: at a the survey has 1000 B uncoded, the evaluation 4000 B .*--input-shape/),
    ]);
    expect(sizesApart({ evals })).toEqual([]);
  });

  test('of other kinds are refused', () => {
    expect(() => readSurvey({ cuts: 3 }, 'cuts')).toThrow(/^cuts: this is no survey/);
    expect(() => readEval(survey, 'eval')).toThrow(/^eval: this is no evaluation/);
    expect(() => problemModel({ survey, evals: [readEval({ ...evaluation, crossing: ['b'] }, 'eval')] })).toThrow(
      /no cut at b/,
    );
    expect(() => problemModel({ evals: [] })).toThrow(/^cuts: /);
  });
});
