// `npm run bench:cuts`: cuts, seconds and megabytes of `slicer cuts` on real models, and head → tail against the whole at some of them.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { node, writeModel } from '../../examples/onnx-write.mjs';
import { MODELS, modelPath } from './models.mjs';

/** What the parts may differ by, in parts of the largest output. */
const TOLERANCE = 1e-4;
const here = fileURLToPath(new URL('.', import.meta.url));
const HELP = `npm run bench:cuts -- [--only NAME,…] [--expected FILE.cuts.json] [--json FILE]

  --only NAME,…    ${Object.keys(MODELS).join(', ')}
  --expected FILE  the cuts of EfficientNet-Lite0 to compare with: names, shapes, bytes, millions of multiply–accumulates
  --json FILE      every figure, and the list of musts`;
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    expected: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const say = (text) => console.error(text);
const names = values.only?.split(',') ?? Object.keys(MODELS);
const unknown = names.find((name) => !Object.hasOwn(MODELS, name));
if (unknown) throw new Error(`no model '${unknown}'; there is: ${Object.keys(MODELS).join(', ')}`);

const rows = [];
for (const name of names) {
  const { tried, ...options } = MODELS[name];
  const path = await modelPath(name, say);
  say(`${name}: surveying`);
  const survey = await inProcess('survey.mjs', path, { most: 4, ...options });
  const fileBytes = statSync(path).size;
  // A model's weights count whether they lie in the file or beside it.
  const bytes = Math.max(fileBytes, survey.weightBytes);
  const cuts = [
    ...evenly(
      survey.single.map((cut) => [cut.name]),
      tried,
    ),
    ...evenly(survey.several, 1),
  ];
  say(`${name}: splitting at ${cuts.length} cuts`);
  const equality = await inProcess('equality.mjs', path, { ...options, cuts });
  rows.push({ name, fileBytes, bytes, survey, equality });
}

const mega = (bytes) => (bytes / 1e6).toFixed(1);
console.log(
  '| model | MB | parameters, M | MACs, M | cuts of one tensor | of 2 to 4 | on the front | nodes not cut inside | s | peak MB | growth ÷ model |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|');
for (const { name, bytes, survey } of rows) {
  const { single, several, front, barriers, macs, parameters, seconds, peak, grown } = survey;
  const cells = [name, mega(bytes), mega(parameters), mega(macs), single.length, several.length, front, barriers];
  console.log(`| ${[...cells, seconds.toFixed(1), mega(peak), (grown / bytes).toFixed(2)].join(' | ')} |`);
}
console.log(
  `\nA model of one operator without weights grows the process by ${mega(await smallest())} MB: the runtime's own.`,
);
console.log('\nLargest difference between head → tail and the whole, in parts of the largest output.\n');
console.log('| model | cut | operators as in the file | optimised by the runtime on each side |');
console.log('|---|---|---|---|');
const scientific = (x) => (x === 0 ? '0' : x.toExponential(1));
for (const { name, equality } of rows) {
  for (const row of equality) {
    console.log(`| ${name} | ${row.names.join(', ')} | ${scientific(row.plain)} | ${scientific(row.optimised)} |`);
  }
}

const all = rows.flatMap((row) => row.equality);
const large = rows.filter((row) => row.bytes > 5e7);
const musts = [
  must('largest difference, operators as in the file', Math.max(...all.map((row) => row.plain)), TOLERANCE),
  must('largest difference, optimised', Math.max(...all.map((row) => row.optimised)), TOLERANCE),
  ...(large.length > 0
    ? [must('memory ÷ model, models over 50 MB', Math.max(...large.map((r) => r.survey.grown / r.bytes)), 2)]
    : []),
  ...(values.expected ? [listed(values.expected)] : []),
];
console.log(`\n${all.length} cuts of ${rows.length} models\n`);
for (const { name, value, must: limit, ok } of musts)
  console.log(`${ok ? 'ok  ' : 'MISS'} ${name}: ${value} (must ≤ ${limit})`);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ rows, musts }, null, 2)}\n`);
process.exitCode = musts.every((one) => one.ok) ? 0 : 1;

/** Bytes that the survey of a model without weights takes. */
async function smallest() {
  const folder = mkdtempSync(join(tmpdir(), 'slicer-cuts-'));
  try {
    const path = join(folder, 'relu.onnx');
    const sides = { inputs: { x: ['float32', [1, 4]] }, outputs: { y: ['float32', [1, 4]] } };
    writeFileSync(path, writeModel({ ...sides, nodes: [node('Relu', ['x'], 'y')] }));
    return (await inProcess('survey.mjs', path, {})).grown;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function must(name, value, limit) {
  return { name, value, must: limit, ok: value <= limit };
}

/** How many lines of the list of EfficientNet-Lite0 differ from what was found. */
function listed(file) {
  const expected = JSON.parse(readFileSync(file, 'utf8')).cuts.map((cut) =>
    JSON.stringify([cut.name, [1, ...cut.shape], cut.bytes, Math.round(cut.cum_mmacs * 1e6)]),
  );
  const found = rows
    .find((row) => row.name === 'efficientnet_lite0')
    .survey.single.map((cut) => JSON.stringify([cut.name, cut.dims, cut.bytes, cut.macsBefore]));
  const wrong = expected.filter((line, i) => line !== found[i]).length + Math.abs(expected.length - found.length);
  return must(`lines that differ from ${expected.length} listed cuts`, wrong, 0);
}

function evenly(list, count) {
  const wanted = Math.min(count, list.length);
  return Array.from({ length: wanted }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / wanted)]);
}

async function inProcess(script, path, options) {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [join(here, script), path, JSON.stringify(options)], {
    maxBuffer: 1 << 28,
  });
  return JSON.parse(stdout);
}
