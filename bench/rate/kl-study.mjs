// The codec's `slicer` mode against the paper's literal pipeline at equal task quality: KL of the network's answers with
// the decoded tensor at the cut. The rival is tuned on calibration images, both are measured on the test images.
import { basename } from 'node:path';
import { decode, encode } from 'slicer-codec';
// Not a public entry of the package yet.
import { bytesAtKl, divergence, spread } from '../../sdk/dist/esm/eval/kl.js';
import { OUTPUT } from './cuts.mjs';
import { loadFeatures, runOne } from './features.mjs';
import { about as aboutLiteral, literal, magnitudeOrder } from './peers/literal.mjs';
import { digits, mean, must, table } from './report.mjs';
import { fingerprint } from './versions.mjs';

const LEVELS = [0.01, 0.02, 0.05];
/** Points outside this range of KL are of no use for the levels above. */
const USEFUL = [0.002, 0.3];
/** The pooled vector is one row of 1280 values: a diagnostic with no sparse matrix to speak of. */
const LEFT_OUT = ['pooled'];
const TUNING_IMAGES = 16;

/** Settings that both pipelines are tuned over; `keep` is a share of the values that are not zero. */
export function methodGrid(nonzero, quick) {
  const shares = quick ? [0.25, 0.4, 0.65] : [0.12, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8];
  const blocks = quick ? [1, 3] : [1, 2, 3, 4, 8];
  const distortions = quick ? [0.2, 0.45] : [0.1, 0.2, 0.3, 0.45, 0.7];
  return shares.flatMap((share) =>
    blocks.flatMap((m) => distortions.map((d) => ({ keep: share * nonzero, blocks: m, distortion: d }))),
  );
}

const DISTORTIONS = [0.08, 0.11, 0.14, 0.18, 0.22, 0.27, 0.32, 0.38, 0.45, 0.53, 0.62, 0.72, 0.83];

/** Tail, tensors and reference answers of one cut. */
export class Judge {
  constructor(name, features, folder) {
    this.name = name;
    this.features = features;
    this.folder = folder;
  }

  async open() {
    this.session ??= await this.features.tail(this.name);
    this.tensors ??= loadFeatures(this.folder, this.name);
    this.reference ??= loadFeatures(this.folder, OUTPUT).map((t) => t.data);
    return this;
  }

  /** Mean bytes and KL of `code(tensor, i)` → { data, … } over the images; keeps the other numbers it returns as means. */
  async measure(code, count = this.tensors?.length) {
    await this.open();
    const rows = [];
    for (let i = 0; i < Math.min(count ?? Number.POSITIVE_INFINITY, this.tensors.length); i++) {
      const tensor = this.tensors[i];
      const { data, ...numbers } = code(tensor, i);
      const { data: logits } = await runOne(this.session, this.name, data, tensor.dims);
      rows.push({ ...numbers, ...divergence(this.reference[i], logits) });
    }
    const result = {};
    for (const key of Object.keys(rows[0])) result[key] = mean(rows.map((row) => row[key]));
    return { ...result, spread: spread(rows.map((row) => row.kl)), kls: rows.map((row) => row.kl) };
  }
}

/** Our bytes and values under fixed options. */
export function ours(options) {
  return (tensor) => {
    const { bytes } = encode(tensor, { report: false, ...options });
    return { data: decode(bytes).data, bytes: bytes.length };
  };
}

function literalCoder(tensors) {
  const orders = new Map();
  const shape = (dims) => ({ rows: dims[1], columns: dims.slice(2).reduce((a, b) => a * b, 1) });
  return (setting) => (tensor, i) => {
    if (!orders.has(i)) orders.set(i, magnitudeOrder(tensor.data));
    const { decoded, csr, mask } = literal(tensors[i].data, orders.get(i), shape(tensor.dims), setting);
    return { data: decoded, csr, mask };
  };
}

/** Settings that no other beats, in calibration and within the range of interest. */
function front(points) {
  let best = Number.POSITIVE_INFINITY;
  const sorted = [...points].sort((p, q) => p.bytes - q.bytes || p.kl - q.kl);
  const kept = sorted.filter((p) => {
    if (p.kl >= best) return false;
    best = p.kl;
    return true;
  });
  return kept.filter((p) => p.kl > USEFUL[0] && p.kl < USEFUL[1]);
}

/** Tunes a pipeline over a grid on calibration images, then measures what lies on its front on the test images. */
async function tunedCurves({ store, calibration, test, say, label, key, grid, coder, forms }) {
  const tune = coder(calibration.tensors);
  const points = [];
  for (const [i, setting] of grid.entries()) {
    say(`${test.name}: ${label}, tuning ${i + 1}/${grid.length}`);
    const row = await store.get([...key, 'tune', basename(calibration.folder), JSON.stringify(setting)], async () => {
      const { kls, spread: _, ...row } = await calibration.measure(tune(setting), TUNING_IMAGES);
      return row;
    });
    points.push({ setting, ...row });
  }
  const run = coder(test.tensors);
  const curves = {};
  for (const form of forms) {
    const measured = [];
    for (const { setting } of front(points.map((p) => ({ ...p, bytes: p[form] })))) {
      say(`${test.name}: ${label}, ${form}, ${JSON.stringify(setting)}`);
      const row = await store.get([...key, 'test', basename(test.folder), JSON.stringify(setting)], () =>
        test.measure(run(setting)),
      );
      measured.push({ ...setting, bytes: row[form], kl: row.kl, agreement: row.agreement, kls: row.kls });
    }
    curves[form] = front(measured).map(({ kls, ...row }) => row);
  }
  return curves;
}

/** Bytes and KL of our encoder over a range of settings. */
export async function ourCurve({ store, key, test, say, images }, label, optionsOf) {
  const curve = [];
  for (const d of DISTORTIONS) {
    say(`${test.name}: ${label}, ${d}`);
    const { kls, ...row } = await store.get([...key, label, basename(test.folder), d], () =>
      test.measure(ours(optionsOf(d)), images),
    );
    curve.push({ distortion: d, ...row });
    if (row.kl > USEFUL[1]) break;
  }
  return curve;
}

/** Runs the study; resolves with curves, musts and Markdown. */
export async function klStudy({ cuts, features, store, codec, test, calibration, quick, say }) {
  const rows = [];
  const literalKey = ['literal', fingerprint(new URL('./peers/literal.mjs', import.meta.url))];
  let settings = 0;
  for (const { name } of cuts.filter((cut) => !LEFT_OUT.includes(cut.name))) {
    const [learn, judge] = [new Judge(name, features, calibration), new Judge(name, features, test)];
    await Promise.all([learn.open(), judge.open()]);
    const shares = learn.tensors.map(
      ({ data }) => data.reduce((count, x) => count + (x !== 0 ? 1 : 0), 0) / data.length,
    );
    // Rounded, so that the settings can be read.
    const grid = methodGrid(Math.round(1000 * mean(shares)) / 1000, quick);
    settings = grid.length;
    const common = { store, say, calibration: learn, test: judge, grid };
    const method = (setting) => ours({ mode: 'slicer', budget: setting });
    const curves = {
      ...(await tunedCurves({
        ...common,
        label: 'literal',
        key: [...literalKey, name],
        coder: literalCoder,
        forms: ['mask', 'csr'],
      })),
      tuned: (
        await tunedCurves({
          ...common,
          label: 'mode slicer',
          key: ['tuned', codec, name],
          coder: () => method,
          forms: ['bytes'],
        })
      ).bytes,
      slicer: await ourCurve({ ...common, key: ['ours', codec, name] }, 'slicer', (d) => ({
        mode: 'slicer',
        budget: { distortion: d },
      })),
      auto: await ourCurve({ ...common, key: ['ours', codec, name] }, 'auto', (d) => ({ budget: { nrmse: d } })),
    };
    for (const kl of LEVELS) {
      const bytes = Object.fromEntries(Object.entries(curves).map(([key, curve]) => [key, bytesAtKl(curve, kl)]));
      rows.push({ cut: name, kl, values: judge.tensors[0].data.length, ...bytes });
    }
    rows.at(-1).curves = curves;
  }
  const musts = rows
    .filter((row) => row.tuned !== undefined && row.mask !== undefined)
    .map((row) =>
      must(`mode slicer / literal with entropy-coded mask, ${row.cut} at KL ${row.kl}`, row.tuned / row.mask, '<= 0.9'),
    );
  const markdown = table(
    [
      'cut',
      'KL',
      'slicer tuned',
      'by distortion',
      'auto',
      'literal, mask',
      'literal, CSR',
      'tuned/mask',
      'by distortion/mask',
      'auto/mask',
      'tuned/CSR',
    ],
    rows.map((row) => [
      row.cut,
      row.kl,
      ...['tuned', 'slicer', 'auto', 'mask', 'csr'].map((key) => digits(row[key], 0)),
      digits(row.tuned / row.mask, 3),
      digits(row.slicer / row.mask, 3),
      digits(row.auto / row.mask, 3),
      digits(row.tuned / row.csr, 3),
    ]),
  );
  const note = [
    `Bytes an image at equal KL on the test images. "Tuned" and "literal": the best of ${settings} settings of (keep, M, δ),`,
    `found on ${TUNING_IMAGES} calibration images. "By distortion": the encoder chooses keep, M and λ by itself. Ours are frames,`,
    'the literal pipeline is a sum of ideal code lengths. A dash: the curve does not reach that KL.',
  ].join('\n');
  return { rows, musts, markdown: `${markdown}\n\n${note}`, about: [aboutLiteral] };
}
