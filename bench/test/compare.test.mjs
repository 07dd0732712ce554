import { describe, expect, it } from 'vitest';
import { compare, plain, TARGET } from '../rate/compare.mjs';
import { bytesOnLine, ratio } from '../rate/curve.mjs';
import { peerMusts } from '../rate/musts.mjs';
import { byToken } from '../rate/peers/by-token.mjs';
import kivi from '../rate/peers/kivi.mjs';
import { transformed } from '../rate/peers/transformed.mjs';
import { peersReport } from '../rate/peers-report.mjs';
import { statisticsOf } from '../rate/stack.mjs';
import { withoutFirst } from '../rate/text-model.mjs';
import { planesTransform } from '../rate/transforms.mjs';

/** Four items of two values; a peer rounds them to multiples of its step and takes 100 / step bytes. */
const stack = { data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), dims: [4, 2] };
const rounding = {
  name: 'nncodec',
  class: 'self-contained',
  about: 'rounds',
  version: '1',
  variants: [
    { label: 'plain', ladder: () => Array.from({ length: 33 }, (_, i) => ({ step: 2 ** (2 - i / 4) })) },
    { label: 'dear', ladder: () => Array.from({ length: 33 }, (_, i) => ({ step: 2 ** (2 - i / 4), dear: true })) },
  ],
  run: async ({ data, dims }, { step, dear }) => ({
    data: data.map((x) => x + step / 10),
    bytes: Array.from({ length: dims[0] }, () => (dear ? 150 : 100) / step),
  }),
};
const context = () => ({
  judge: {
    id: 'test',
    stack,
    // KL as the mean squared error of an item.
    judge: async (data) => ({
      kl: [0, 1, 2, 3].map(
        (i) => ((data[2 * i] - stack.data[2 * i]) ** 2 + (data[2 * i + 1] - stack.data[2 * i + 1]) ** 2) / 2,
      ),
      agreement: [1, 1, 1, 0],
    }),
  },
  calibration: { stack, statistics: statisticsOf(stack) },
  store: { get: (_, make) => make() },
  say: () => {},
  quick: true,
  range: [0.008, 0.06],
  key: ['test'],
});

describe('comparing', () => {
  it('reads the best variant at the target and gives it as JSON', async () => {
    const row = await compare(rounding, context(), [0.01, TARGET]);
    expect(row.variant).toBe('plain');
    // KL = (step / 10)² = 0.02.
    expect(row.readings[TARGET].bytes).toBeCloseTo(100 / Math.sqrt(2), 1);
    expect(row.readings[0.01].bytes).toBeCloseTo(100, 1);
    const [json] = plain([row]);
    expect(json.curves[0].points.length).toBeGreaterThanOrEqual(5);
    expect(json.curves[0].points[0].agreement).toBe(0.75);
  });

  it('makes a table, and the musts of our rows against nncodec', async () => {
    const rows = [];
    for (const cut of ['b4', 'b7', 'b10', 'b14']) {
      const peer = await compare(rounding, context(), [TARGET]);
      const better = {
        ...rounding,
        name: 'slicer',
        ours: true,
        run: async (s, x) => {
          const result = await rounding.run(s, x);
          return { ...result, bytes: result.bytes.map((b) => b / 2) };
        },
      };
      const mine = await compare(better, context(), [TARGET]);
      rows.push({ set: 'a', cut, values: 1000, ...peer }, { set: 'a', cut, values: 1000, ...mine });
    }
    const { markdown, musts } = peersReport(rows, {
      missing: [{ name: 'x', why: 'y' }],
      levels: [TARGET],
      target: TARGET,
      ratio,
    });
    expect(markdown).toContain('| slicer | self-contained | plain |');
    expect(markdown).toContain('- x: y');
    expect(musts).toEqual(peerMusts(rows, TARGET));
    const mean = musts.find((m) => m.name.startsWith('self-contained, a: geometric mean'));
    expect(mean).toMatchObject({ value: 0.5, ok: true });
    expect(musts.find((m) => m.name.startsWith('self-contained, a, b10: times')).value).toBeCloseTo(4000 / 35.36, 0);
  });

  it('goes on a straight line where only a choice is made', () => {
    const points = [1, 2, 4].map((kl) => ({ kl, bytes: 8 / kl }));
    expect(bytesOnLine(points, 2)).toBeCloseTo(4, 9);
  });
});

describe('wrapped peers', () => {
  it('code token by token', async () => {
    const tokens = { data: new Float32Array(24), dims: [2, 3, 4] };
    const { bytes } = await byToken(rounding).run(tokens, { step: 1 });
    expect(bytes).toEqual([300, 300]);
  });

  it('code coefficients and give features back', async () => {
    const doubled = {
      name: 'twice the features',
      class: 'calibrated',
      version: '1',
      forward: ({ data, dims }) => ({ data: data.map((x) => 2 * x), dims }),
      inverse: (data) => data.map((x) => x / 2),
    };
    const peer = transformed(rounding, doubled);
    expect(peer.name).toBe('nncodec (b), fed twice the features');
    const { data } = await peer.run(stack, { step: 1 }, {});
    expect(data[0]).toBeCloseTo(1.05, 6);
    expect(statisticsOf(await peer.prepare(stack)).rms).toBeCloseTo(2 * statisticsOf(stack).rms, 5);
  });

  it('turn planes into coefficients and back', () => {
    const dims = [2, 3, 4, 5];
    const planes = { data: Float32Array.from({ length: 120 }, (_, i) => Math.sin(i * i)), dims };
    // A rotation of the first two channels.
    const [c, s] = [Math.cos(1), Math.sin(1)];
    const forward = Float32Array.of(c, s, 0, -s, c, 0, 0, 0, 1);
    const backward = Float32Array.of(c, -s, 0, s, c, 0, 0, 0, 1);
    const profile = { mean: Float32Array.of(1, 2, 3), transform: { rank: 3, forward, inverse: backward } };
    for (const transform of [
      planesTransform({ name: 'a', version: '1' }),
      planesTransform({ name: 'b', version: '1', profile }),
    ]) {
      const coefficients = transform.forward(planes);
      expect(coefficients.dims).toEqual(dims);
      const back = transform.inverse(coefficients.data, planes);
      for (let i = 0; i < back.length; i++) expect(back[i]).toBeCloseTo(planes.data[i], 4);
    }
    // The mean of a plane is its first coefficient.
    const flat = { data: new Float32Array(20).fill(1), dims: [1, 1, 4, 5] };
    const [first, second] = planesTransform({ name: 'a', version: '1' }).forward(flat).data;
    expect(first).toBeCloseTo(Math.sqrt(20), 4);
    expect(second).toBeCloseTo(0, 5);
  });

  it('keep the first token apart', () => {
    const { first, stack: rest } = withoutFirst({
      data: Float32Array.from({ length: 12 }, (_, i) => i),
      dims: [2, 3, 2],
    });
    expect([...first.data]).toEqual([0, 1, 6, 7]);
    expect([...rest.data]).toEqual([2, 3, 4, 5, 8, 9, 10, 11]);
  });
});

describe('keys and values', () => {
  it('are grouped along the tokens and along the channels', () => {
    const dims = [1, 40, 6];
    // Channels differ in size, tokens do not: groups along the tokens see a range of their own.
    const data = Float32Array.from({ length: 240 }, (_, i) => 10 ** (i % 6) + (Math.floor(i / 6) % 2));
    const worst = (kind) => {
      const setting = { bits: 4, kind };
      const back = kivi.decode(kivi.encode({ data, dims }, setting), { dims }, setting);
      return Math.abs(back[1] - data[1]);
    };
    expect(worst('k')).toBeLessThan(0.1);
    expect(worst('v')).toBeGreaterThan(0.5);
  });
});
