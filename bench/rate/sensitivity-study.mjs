// What each parameter of the paper's method does to bytes, error and the network's answers: one at a time, the others fixed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { decode, encode, inspect } from 'slicer-codec';
// Not a public entry of the package yet.
import { divergence } from '../../sdk/dist/esm/eval/kl.js';
import { OUTPUT } from './cuts.mjs';
import { runOne } from './features.mjs';
import { FIGURES, figuresOf, sensitivityPage } from './sensitivity-page.mjs';
import { sensitivityPlot } from './sensitivity-plot.mjs';

const CUT = 'b10';
const MOST_IMAGES = 24;
/** The default that the sweeps stand around: the other three are chosen by cost. */
const DISTORTION = 0.3;

/** Parameters of the method, as this project and as the paper call them, with the values of their sweeps. */
export const SWEEPS = [
  {
    name: 'keep',
    symbol: '1 − s',
    values: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  },
  { name: 'blocks', symbol: 'M', values: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32] },
  { name: 'asymmetry', symbol: 'λ', values: [0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2] },
  { name: 'distortion', symbol: 'δ', values: [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7] },
];

/** Every so-manyeth image, so that a few stand for all. */
function sample(list, count) {
  const size = Math.min(count, list.length);
  return Array.from({ length: size }, (_, i) => list[Math.floor((i * list.length) / size)]);
}

/** Share of values that are not zero after decoding. */
const nonzero = (values) => values.reduce((count, value) => count + (value !== 0 ? 1 : 0), 0) / values.length;

/** Bins of a frame: the zero bin, and at least one per sign and block. An encoder may give a block's cells bins of their own. */
const binsOf = (bytes) => inspect(bytes).entries.find((entry) => entry.field === 'bins').value;

/** Means over the images under one budget. */
async function measure({ tail, items }, budget) {
  const rows = [];
  for (const { tensor, reference } of items) {
    const { bytes, report } = encode(tensor, { budget, mode: 'slicer' });
    const { data } = decode(bytes);
    const logits = await runOne(tail, CUT, data, tensor.dims);
    const answer = divergence(reference.data, logits.data);
    rows.push({ bytes: bytes.length, nrmse: report.nrmse, kept: nonzero(data), bins: binsOf(bytes), ...answer });
  }
  return Object.fromEntries(Object.keys(rows[0]).map((key) => [key, mean(rows.map((row) => row[key]))]));
}

/** Runs the study; resolves with points and Markdown, and writes the page and its plot where `docs` names a folder. */
export async function sensitivityStudy({ features, tensorsOf, store, codec, data, quick, docs, say }) {
  const all = tensorsOf(CUT).map((tensor, i) => ({ tensor, i }));
  const answers = tensorsOf(OUTPUT);
  const items = sample(all, quick ? 4 : MOST_IMAGES).map(({ tensor, i }) => ({ tensor, reference: answers[i] }));
  const setup = { tail: await features.tail(CUT), items };
  const at = (budget) =>
    store.get(['sensitivity with bins', codec, data, CUT, items.length, JSON.stringify(budget)], () => {
      say(`sensitivity: ${JSON.stringify(budget)}`);
      return measure(setup, budget);
    });

  const chosen = await at({ distortion: DISTORTION });
  // The sweeps' centre: what the search keeps, rounded, and the defaults of a call that fixes parameters.
  const centre = { keep: Math.round(chosen.kept * 20) / 20, asymmetry: 1, blocks: 8, distortion: DISTORTION };
  const sweeps = [];
  for (const sweep of SWEEPS) {
    const points = [];
    for (const value of quick ? sweep.values.filter((_, i) => i % 3 === 0) : sweep.values) {
      points.push({ value, ...(await at({ ...centre, [sweep.name]: value })) });
    }
    sweeps.push({ ...sweep, centre: centre[sweep.name], points });
  }
  const searched = [];
  for (const distortion of SWEEPS.at(-1).values) searched.push({ value: distortion, ...(await at({ distortion })) });

  const figures = { cut: CUT, images: items.length, dims: items[0].tensor.dims, centre, chosen, sweeps, searched };
  if (docs) {
    mkdirSync(docs, { recursive: true });
    writeFileSync(new URL('sensitivity.svg', docs), sensitivityPlot(figures));
    writeFileSync(new URL('sensitivity.md', docs), sensitivityPage(figures));
  }
  return { ...figures, musts: [], markdown: sensitivityTable(figures), about: [] };
}

/** All points as one table. */
export function sensitivityTable({ chosen, sweeps, searched }) {
  const row = (label, p) => [label, ...figuresOf(p)];
  return table(
    ['setting', ...FIGURES],
    [
      row(`\`{ distortion: ${DISTORTION} }\``, chosen),
      ...sweeps.flatMap(({ name, symbol, points }) => points.map((p) => row(`${name} (${symbol}) ${p.value}`, p))),
      ...searched.map((p) => row(`\`{ distortion: ${p.value} }\``, p)),
    ],
  );
}
