// `npm run bench:quality -- [OPTIONS]`: what a split costs the task, on every model that runs here.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { evaluate, Journal, markdownTable, summarise } from 'slicer-codec/eval';
import { curvePlot } from '../rate/curve-plot.mjs';
import { mustTable } from '../rate/report.mjs';
import { fingerprint, machine, packageVersion } from '../rate/versions.mjs';
import { left } from './clock.mjs';
import { filesOf, loadItems, measureLanguage, TASKS } from './language.mjs';
import { languageReport } from './language-report.mjs';
import { lossMust, visionMusts } from './musts.mjs';
import { ocrTasks } from './text-networks.mjs';
import { CUTS, visionTasks } from './vision.mjs';

const PARTS = ['vision', 'rec', 'det', 'language'];
const HELP = `npm run bench:quality -- [--data DIR] [--text DIR] [--only LIST] [--tasks LIST] [--quick] [--json FILE]

  --data DIR      photographs (*.jpg, short side 256) and labels.json (file name → class number); no vision without it
  --text DIR      hellaswag, piqa, lambada, arc_easy, arc_challenge, gsm8k, humaneval as .jsonl; what is missing is left
                  out, but for ARC, of which a few questions of our own stand in
  --only LIST     of: ${PARTS.join(', ')}
  --tasks LIST    language tasks, of: ${Object.keys(TASKS).join(', ')}
  --cuts LIST     of EfficientNet-Lite0: ${CUTS.join(', ')}
  --after N       blocks of SmolLM2-135M in the head (8)
  --items N       the first N items of every task
  --minutes N     begin no language item after so long; what is measured is reported
  --quick         24 images, lines and pages, 8 items of a language task
  --plots DIR     where plots go (out/bench)
  --json FILE     every figure, and the list of musts

A run that was stopped goes on where it was: results are kept in .cache/bench/quality.jsonl, under the hash of the codec.`;

const string = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    data: string,
    text: string,
    only: string,
    tasks: string,
    cuts: string,
    after: string,
    items: string,
    minutes: string,
    model: string,
    plots: string,
    json: string,
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

const usage = (message) => {
  console.error(`${message}\n(see --help)`);
  process.exit(2);
};
/** A number of a flag, or nothing. */
const number = (name, least) => {
  if (options[name] === undefined) return undefined;
  const value = Number(options[name]);
  if (!Number.isInteger(value) || value < least)
    usage(`--${name} takes a whole number from ${least}, not ${options[name]}`);
  return value;
};
/** Names of a flag, or all. */
const list = (name, all) => {
  const wanted = options[name]?.split(',') ?? all;
  const unknown = wanted.find((one) => !all.includes(one));
  if (unknown !== undefined) usage(`--${name} knows no '${unknown}'; there is: ${all.join(', ')}`);
  return wanted;
};
for (const name of ['data', 'text']) {
  if (options[name] && !existsSync(options[name])) usage(`--${name}: there is no folder ${options[name]}`);
}
const only = list('only', PARTS);
const tasks = list('tasks', Object.keys(TASKS));
const cuts = list('cuts', CUTS);
const limit = number('items', 1) ?? (options.quick ? 24 : undefined);
const minutes = number('minutes', 0);
const blocks = number('after', 1) ?? 8;

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, '.cache', 'bench');
const codec = fingerprint(join(root, 'sdk/dist/wasm/simd.wasm'));
const journal = new Journal(join(cache, 'quality.jsonl'));
const plots = resolve(options.plots ?? join(root, 'out', 'bench'));
const say = (text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
};
const minutesLeft = (seconds) => (seconds === undefined ? '' : `, ${Math.ceil(seconds / 60)} min left`);

const result = { machine: machine(), codec, musts: [], networks: [] };
console.log(
  `# What a split costs the task\n\n${result.machine}; slicer-codec ${packageVersion('slicer-codec')} (WASM ${codec})\n`,
);

async function network({ title, kind, name, task, items, settings, parts }) {
  const records = await evaluate({
    ...parts,
    task,
    items,
    settings,
    journal,
    scope: `${kind} ${parts.id} ${name} ${codec}`,
    progress: (done, total, seconds) => say(`${title}: ${done}/${total}${minutesLeft(seconds)}`),
  });
  say('');
  const summary = summarise(task, records, settings);
  const plot = drawCurve(title, summary);
  const { items: count, rawBytes, headMs, tailMs } = summary;
  console.log(
    `## ${title}, ${count} items\n\n${Math.round(rawBytes)} bytes cross uncoded; head ${headMs.toFixed(1)} ms, tail ${tailMs.toFixed(1)} ms (medians).\n`,
  );
  console.log(`${markdownTable(task, summary)}\n${plot ? `\nPlot: ${plot}\n` : ''}`);
  result.networks.push({ title, kind, cut: name, summary });
  await Promise.all([parts.head.release(), parts.tail.release()]);
  return { kind, name, task, summary };
}

/** KL and agreement against bytes, where the task has them. */
function drawCurve(title, { rows, items, rawBytes }) {
  const points = (kind, words) =>
    rows
      .filter((row) => row.kind === kind && words(row.label) && row.figures.kl?.value > 0)
      .map(({ bytes, figures }) => ({
        bytes: bytes.value,
        kl: figures.kl.value,
        agreement: figures.agreement?.value ?? figures.same?.value,
      }));
  const curve = (peer, ours, own) => ({ peer, ours, class: 'self-contained', curves: [{ points: own }] });
  const all = [
    curve(
      'slicer, effort dense',
      true,
      points('codec', (label) => label.includes('dense') || label.includes('trellis')),
    ),
    curve(
      'slicer, effort default',
      true,
      points('codec', (label) => !label.includes('dense') && !label.includes('trellis')),
    ),
    curve(
      'the input as JPEG',
      false,
      points('input', (label) => label.includes('JPEG')),
    ),
    curve(
      'the input as WebP',
      false,
      points('input', (label) => label.includes('WebP')),
    ),
  ].filter(({ curves }) => curves[0].points.length > 0);
  if (all.length === 0) return undefined;
  mkdirSync(plots, { recursive: true });
  const path = join(plots, `quality-${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.svg`);
  const subtitle = `${items} items, ${Math.round(rawBytes)} bytes in fp32`;
  writeFileSync(path, curvePlot(all, { title, subtitle, target: 0.02, unit: { by: 1, name: 'bytes an item' } }));
  return path;
}

const measured = [];
if (only.includes('vision') && options.data) {
  for await (const one of visionTasks({ data: options.data, model: options.model, cuts, limit, say }))
    measured.push(await network(one));
  result.musts.push(...visionMusts(measured));
} else if (only.includes('vision')) console.log('No vision: --data names no folder.\n');
for await (const one of ocrTasks({ wanted: only, limit })) measured.push(await network(one));
for (const { kind, summary } of measured) if (kind !== 'vision') result.musts.push(...lossMust(kind, summary));

if (only.includes('language')) {
  const items = loadItems(filesOf(options.text, tasks), cache, say);
  const deadline = minutes === undefined ? undefined : Date.now() + minutes * 60_000;
  const each = options.quick ? Math.min(8, limit) : limit;
  const { records, wanted } = await measureLanguage({
    items,
    blocks,
    limit: each,
    journal,
    codec,
    deadline,
    say,
    left,
  });
  say('');
  const report = languageReport({ records, wanted, items, blocks });
  console.log(report.markdown);
  Object.assign(result, { language: report.figures });
  result.musts.push(...report.musts);
  const plot = drawCurve(`SmolLM2-135M after ${blocks} blocks`, report.curve);
  if (plot) console.log(`Plot: ${plot}\n`);
}
console.log(`## Musts\n\n${mustTable(result.musts)}`);
if (options.json) {
  mkdirSync(dirname(resolve(options.json)), { recursive: true });
  writeFileSync(`${options.json}.part`, `${JSON.stringify(result, null, 1)}\n`);
  renameSync(`${options.json}.part`, options.json);
}
