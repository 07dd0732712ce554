// Peers on the residual stream of a language model: SmolLM2-135M after 8 and after 15 blocks, bytes a token at equal KL.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { compare, plain, TARGET } from './compare.mjs';
import { ratio } from './curve.mjs';
import { curvePlot } from './curve-plot.mjs';
import { byToken } from './peers/by-token.mjs';
import { loadPeers } from './peers/index.mjs';
import { digits, table } from './report.mjs';
import { firstOf, statisticsOf } from './stack.mjs';
import { passagesOf, TextJudge, TextModel, withoutFirst } from './text-model.mjs';
import { textMusts } from './text-musts.mjs';

const LAYERS = ['h8', 'h15'];
const LEVELS = [0.0005, 0.002, 0.01, TARGET, 0.05];
const RANGE = [0.008, 0.06];
const RANGE_QUICK = [0.01, 0.04];
/** Ours are held to bounds at KL 0.002 and to q8_0's own KL. */
const RANGE_OURS = [0.00015, 0.06];
/** Calibration passages on which sweeps are screened and grids tuned: each costs a pass through the network. */
const TUNING = 4;
/** What is measured by default: as one frame for 127 tokens, and a frame for every token. */
const PREFILL = [
  'slicer',
  'nncodec',
  'q8_0',
  'q4_0',
  'block-int',
  'literal-peer',
  'rans',
  'pcodec',
  'zstd',
  'sz3',
  'threshold-split',
  'group-int',
  'hadamard',
];
const TOKENS = ['nncodec', 'literal-peer', 'rans'];
const STREAMS = ['slicer-stream'];

/** Runs the study; resolves with rows, musts and Markdown. */
export async function textStudy({
  text,
  store,
  python,
  wantedPeers,
  wantedLayers,
  quick,
  say,
  cache,
  textModel,
  plots,
}) {
  if (!text) return { musts: [], about: [], markdown: 'Left out: no --text DIR.' };
  const passages = passagesOf(text, cache);
  const model = new TextModel({ cache, say, file: textModel });
  const wanted = (list) => list.filter((name) => !wantedPeers || wantedPeers.includes(name));
  const whole = await loadPeers(wanted(PREFILL), python);
  // Frames of single tokens are asked for as `--peers NAME-token`.
  const single = await loadPeers(
    TOKENS.filter((name) => !wantedPeers || wantedPeers.includes(`${name}-token`)),
    python,
  );
  const streams = await loadPeers(wanted(STREAMS), python);
  const peers = [...streams.peers, ...whole.peers, ...single.peers.map(byToken)];
  const rows = [];
  const missing = [...whole.missing];
  for (const name of LAYERS.filter((layer) => !wantedLayers || wantedLayers.includes(layer))) {
    const test = quick ? passages.test.filter((_, i) => i % 3 === 0) : passages.test;
    const states = { test: await model.states(name, test), learn: await model.states(name, passages.calibration) };
    const calibrationStack = withoutFirst(states.learn).stack;
    const id = `${basename(resolve(text))}-${test.length}`;
    const context = {
      judge: new TextJudge({ model, name, states: states.test, id }),
      learn: new TextJudge({ model, name, states: spread(states.learn, TUNING), id: `${id}-learn-${TUNING}` }),
      calibration: {
        stack: calibrationStack,
        statistics: { ...statisticsOf(calibrationStack), text: true },
        cut: name,
      },
      store,
      python,
      say,
      quick,
      range: quick ? RANGE_QUICK : RANGE,
      fine: quick ? undefined : RANGE_OURS,
      dear: true,
      key: ['text', basename(model.folder)],
    };
    for (const peer of peers) {
      try {
        const row = await compare(peer, context, LEVELS);
        rows.push({ cut: name, ...row, ...(await firstToken(row, context)) });
      } catch (error) {
        missing.push({ name: `${peer.name} at ${name}`, why: error.message });
      }
    }
  }
  const curves = plain(rows);
  const { markdown, ...rest } = report(rows, missing);
  return { ...rest, markdown: [markdown, ...draw(curves, plots)].join('\n\n'), curves };
}

/** A picture per layer; resolves with the lines that show them. */
function draw(rows, folder) {
  mkdirSync(folder, { recursive: true });
  return [...new Set(rows.map((row) => row.cut))].map((cut) => {
    const here = rows.filter((row) => row.cut === cut);
    const title = `SmolLM2-135M after ${cut.slice(1)} blocks`;
    const subtitle = '10 passages of 127 tokens, 576 values each; left and down is better, on the right left and up';
    const unit = { by: 127, name: 'bytes a token' };
    writeFileSync(join(folder, `rate-text-${cut}.svg`), curvePlot(here, { title, subtitle, target: TARGET, unit }));
    return `![${title}](rate-text-${cut}.svg)`;
  });
}

/** A few items spread over a stack, so that they come from all sources. */
function spread({ data, dims }, count) {
  const size = data.length / dims[0];
  const chosen = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const at = Math.floor(((i + 0.5) * dims[0]) / count);
    chosen.set(data.subarray(at * size, (at + 1) * size), i * size);
  }
  return firstOf({ data: chosen, dims: [count, ...dims.slice(1)] }, count);
}

/**
 * Bytes of the first token of a passage under the setting nearest to the target: it is 100 times as large as the others; and
 * those of the setup and the profile, which are sent once.
 */
async function firstToken({ peer, nearest }, { judge, store, python, calibration, key }) {
  const { bytes, ...once } = await store.get(
    [...key, judge.id, 'token 0 and setup', peer.name, peer.version, JSON.stringify(nearest.setting)],
    async () => {
      const { bytes, setupBytes, profileBytes } = await peer.run(judge.first, nearest.setting, { python, calibration });
      return { bytes, setupBytes, profileBytes };
    },
  );
  return { token0: bytes.reduce((a, b) => a + b, 0) / bytes.length, ...once };
}

const percent = (x) => digits(100 * x, 1);

function report(rows, missing) {
  const parts = [];
  for (const cut of new Set(rows.map((row) => row.cut))) {
    const here = rows.filter((row) => row.cut === cut);
    const tokens = 127;
    const reference = here.find((row) => row.peer.name === 'nncodec')?.readings[TARGET];
    const order = (row) => row.readings[TARGET].bytes ?? Number.POSITIVE_INFINITY;
    const span = (interval, unit, count) => (interval ? interval.map((x) => digits(x / unit, count)).join('–') : '–');
    const body = [...here]
      .sort((a, b) => order(a) - order(b))
      .map(({ peer, variant, readings, nearest, token0, setupBytes, profileBytes }) => {
        const at = readings[TARGET];
        const against = ratio(at, reference);
        const near = `nearest: ${digits(nearest.bytes / tokens, 0)} B at KL ${nearest.kl.toPrecision(2)}`;
        return [
          peer.name,
          peer.class,
          variant ?? near,
          ...LEVELS.map((level) => (readings[level].bytes ? digits(readings[level].bytes / tokens, 0) : 'not reached')),
          span(at.interval, tokens, 0),
          digits((8 * at.bytes) / tokens / 576, 3),
          at.agreement === undefined ? '–' : percent(at.agreement),
          digits(against.ratio, 3),
          span(against.interval, 1, 3),
          digits(token0, 0),
          setupBytes === undefined ? '–' : `${setupBytes} + ${profileBytes}`,
        ];
      });
    const head = ['codec', 'class', 'best of its sweep', ...LEVELS.map((level) => `B/token at KL ${level}`)];
    head.push(
      `95 % at ${TARGET}`,
      'bit/value',
      'top-1 agreement, %',
      '÷ nncodec, prefill',
      '95 %',
      'token 0, bytes',
      'setup + profile, once',
    );
    parts.push(`### ${cut}: 576 values a token, 10 passages of 127 tokens\n\n${table(head, body)}`);
  }
  if (missing.length > 0) parts.push(`Missing:\n\n${missing.map((m) => `- ${m.name}: ${m.why}`).join('\n')}`);
  const about = [...new Set(rows.map((row) => `${row.peer.name}: ${row.peer.about}`))];
  return { markdown: parts.join('\n\n'), musts: textMusts(rows, 127, TARGET), about };
}
