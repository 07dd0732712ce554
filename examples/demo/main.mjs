// `npm run demo`: a real network, cut in two, with its tensor sent through the codec.
//
//   npm run demo                             text recognition on eight lines that are drawn here
//   npm run demo -- --imagenet DIR           EfficientNet-Lite0 on the *.jpg of DIR, labels in DIR/labels.json
//     --model FILE    an ONNX file of that network (default: made by bench/models)
//     --items N       only the first N images
//   --at TENSOR       cut here instead of at the place the demo picks
//   --out DIR         where head.onnx, tail.onnx, cut.json and the plot go (default: out/demo)
//   --json            the figures as JSON on standard output
import { mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { splitFile } from 'slicer-codec/onnx';
import { chooseCut } from './choose.mjs';
import { textTask } from './lines.mjs';
import { median, open, PLAIN, runPictures, runPlain, runSetting, runWhole, settings } from './measure.mjs';
import { photoTask } from './photos.mjs';
import { writePlot } from './plot.mjs';
import { printCuts, printRows, printTexts, printTimes, progress, verdict } from './report.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function demo(options) {
  const { say, done } = progress();
  const print = (action) => {
    done();
    if (!options.json) action();
  };
  const limit = options.items === undefined ? undefined : Number(options.items);
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0))
    throw new UsageError('--items wants a number above 0');
  if (options.model && !options.imagenet) throw new UsageError('--model goes with --imagenet');

  const task = options.imagenet
    ? await photoTask(options.imagenet, { model: options.model, limit, say })
    : await textTask();
  const out = resolve(options.out ?? join(ROOT, 'out', 'demo'), task.name);
  mkdirSync(out, { recursive: true });

  print(() => console.log(`\n${task.title}: ${relative(ROOT, task.modelPath)}\n`));
  say('surveying the cuts');
  const choice = await chooseCut(task.modelPath, task.inputShapes, options.at);
  const { cut } = choice;
  print(() => printCuts(choice));
  say(`cutting at ${cut.name}`);
  const { description } = await splitFile(task.modelPath, cut.name, out, { inputShapes: task.inputShapes });
  print(() => {
    const why = options.at
      ? 'as asked'
      : `fewest bytes of those that leave ≥ ${100 * choice.tailShare} % of the compute to the tail`;
    const { verification } = description;
    const [head, tail] = description.parts;
    console.log(`Cut at ${cut.name} (${why}): head ${megabytes(head.bytes)}, tail ${megabytes(tail.bytes)};`);
    console.log(`head → tail differs from the whole model by at most ${verification.maxDifference}.\n`);
  });

  const [whole, head, tail] = await Promise.all(
    [task.modelPath, join(out, 'head.onnx'), join(out, 'tail.onnx')].map(open),
  );
  const sessions = { whole, head, tail };
  const reference = await runWhole(task, sessions, cut.name, say);
  const rows = [];
  for (const plain of PLAIN) rows.push(await runPlain(task, sessions, cut.name, reference, plain, say));
  const fp32 = rows[0].bytes;
  for (const setting of settings(fp32)) {
    rows.push(await runSetting(task, sessions, cut.name, reference, setting, say));
  }
  rows.push(...(await runPictures(task, sessions, reference, say)));
  const chosen = smallestSafe(task, rows);
  const times = {
    whole: median(reference.map((one) => one.wholeMs)),
    head: median(reference.map((one) => one.headMs)),
  };

  say('drawing the plot');
  const plot = join(out, 'demo.svg');
  writePlot(plot, { task, rows, chosen, reference, cut, share: choice.share });
  const words = verdict(task, rows, chosen, fp32);
  const shown = chosen !== undefined && chosen.bytes <= fp32 / 10;
  print(() => {
    if (task.name === 'text') printTexts(task, reference, chosen ?? rows[2]);
    printRows(task, rows, fp32);
    if (chosen) printTimes(times, chosen);
    for (const sentence of words) console.log(sentence);
    console.log(`\nSee it: ${plot}\n`);
  });
  if (options.json)
    console.log(JSON.stringify(asJson(task, choice, description, rows, chosen, times, words, plot), null, 2));
  if (!shown) {
    console.error('The answer did not stay the same at a tenth of the fp32 bytes.');
    process.exitCode = 1;
  }
}

/** The setting with the fewest bytes that keeps the answers, as do all with more: a lucky one further down is none. */
function smallestSafe(task, rows) {
  const coded = rows.filter((row) => row.kind === 'codec').sort((a, b) => b.bytes - a.bytes);
  const failing = coded.findIndex((row) => !task.accepts(row));
  return coded.slice(0, failing < 0 ? undefined : failing).at(-1);
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function asJson(task, choice, description, rows, chosen, times, words, plot) {
  const { cut, share, legal, survey, front } = choice;
  return {
    task: task.name,
    model: description.model,
    legalCuts: legal,
    front: front.map(({ name, dims, bytes, share: before }) => ({ name, dims, bytes, computeBefore: before })),
    cut: {
      name: cut.name,
      dims: cut.dims,
      bytes: cut.bytes,
      computeBefore: share,
      verification: description.verification,
    },
    inputBytes: survey.inputBytes,
    milliseconds: times,
    rows,
    chosen: chosen?.label ?? null,
    words,
    plot,
  };
}

class UsageError extends Error {}

try {
  const string = { type: 'string' };
  const { values } = parseArgs({
    options: { imagenet: string, model: string, items: string, at: string, out: string, json: { type: 'boolean' } },
  });
  await demo(values);
} catch (error) {
  const usage = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS');
  console.error(
    `\n${error.code && error.advice ? `${error.code}: ${error.message}\n${error.advice}` : usage ? error.message : error.stack}`,
  );
  process.exitCode = usage ? 2 : 1;
}
