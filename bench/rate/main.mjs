// `npm run bench:rate -- [OPTIONS]`: bytes against the entropy, against peers, and against the paper's literal pipeline.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { exportModel } from '../models/export.mjs';
import { CUTS } from './cuts.mjs';
import { entropyStudy } from './entropy-study.mjs';
import { Features, loadFeatures } from './features.mjs';
import { listImages, listPhotos, splitImages } from './images.mjs';
import { klStudy } from './kl-study.mjs';
import { kvStudy } from './kv-study.mjs';
import { othersStudy } from './others-study.mjs';
import { PEERS } from './peers/index.mjs';
import { peersStudy } from './peers-study.mjs';
import { progress } from './progress.mjs';
import { PythonPeers } from './python.mjs';
import { mustTable } from './report.mjs';
import { sensitivityStudy } from './sensitivity-study.mjs';
import { Store } from './store.mjs';
import { tablesStudy } from './tables-study.mjs';
import { textStudy } from './text-study.mjs';
import { timeStudy } from './time-study.mjs';
import { fingerprint, machine, packageVersion } from './versions.mjs';

const HELP = `npm run bench:rate -- --data DIR [--model FILE] [--images N] [--quick] [--only STUDY,…] [--cuts NAME,…]
                            [--photos DIR] [--peers NAME,…] [--text DIR] [--json FILE]

  --data DIR    photographs: *.jpg with a short side of 256 and labels.json (file name → class number)
  --model FILE  EfficientNet-Lite0 as ONNX; made by bench/models/export.mjs unless given
  --images N    test images (100)
  --quick       12 images, fewer points
  --photos DIR  a second set of images for the peers, short side 256, no labels needed
  --peers LIST  of: ${PEERS.join(', ')}
  --text DIR    hellaswag, lambada and gsm8k as .jsonl: passages for the language model
  --text-model FILE  SmolLM2-135M as ONNX; made by bench/models/export.mjs unless given
  --kv-models LIST   its three parts for the study of keys and values, likewise
  --only LIST   of: entropy, kl, peers, text, tables, kv, others, time, sensitivity
  --plots DIR   where plots go (out/bench)
  --cuts LIST   of: ${CUTS.map((cut) => cut.name).join(', ')}; text: h8, h15;
                others: rec, det, minilm, silero, detector
  --json FILE   writes all figures, with the list of musts

A run that was stopped goes on where it was; results are kept in .cache/bench.`;

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    model: { type: 'string' },
    images: { type: 'string' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    cuts: { type: 'string' },
    photos: { type: 'string' },
    peers: { type: 'string' },
    text: { type: 'string' },
    'text-model': { type: 'string' },
    'kv-models': { type: 'string' },
    plots: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help || !options.data) {
  console.log(HELP);
  process.exit(options.help ? 0 : 2);
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, '.cache', 'bench');
const say = progress();
const count = Number(options.images ?? (options.quick ? 12 : 100));
if (!Number.isInteger(count) || count < 1) throw new Error(`--images takes a positive number, not ${options.images}`);
const wanted = options.cuts?.split(',');
const cuts = CUTS.filter((cut) => !wanted || wanted.includes(cut.name));
const modelFile = options.model ?? exportModel('efficientnet_lite0');
if (!existsSync(modelFile)) throw new Error(`there is no model ${modelFile}`);

const images = splitImages(listImages(options.data), count, options.quick ? 8 : 40);
const python = new PythonPeers({ cache, say });
const features = new Features({ cache, modelBytes: readFileSync(modelFile), cuts: CUTS.map((cut) => cut.name), say });
const [test, calibration] = [await features.prepare(images.test), await features.prepare(images.calibration)];
const context = {
  cuts,
  features,
  quick: options.quick,
  plots: options.plots ?? join(root, 'out', 'bench'),
  store: new Store(join(cache, 'rate.jsonl')),
  codec: fingerprint(join(root, 'sdk/dist/wasm/simd.wasm')),
  test,
  calibration,
  data: test.slice(cache.length + 1),
  tensorsOf: (name) => loadFeatures(test, name),
  // Pages and plots; the repository's own are made with --plots docs.
  docs: pathToFileURL(`${resolve(options.plots ?? join(root, 'out', 'bench'))}/`),
  python,
  wantedPeers: options.peers?.split(','),
  wantedLayers: options.cuts?.split(','),
  text: options.text,
  photographs: images.test,
  textModel: options['text-model'],
  kvModels: options['kv-models']?.split(','),
  cache,
  // The sets the peers are compared on; profiles and tuned peers learn from the calibration images of the first alone.
  sets: async () => {
    const learn = splitImages(listImages(options.data), count, count).calibration;
    const sets = [{ name: basename(resolve(options.data)), images: images.test }];
    if (options.photos) {
      const photos = listPhotos(options.photos);
      sets.push({ name: basename(resolve(options.photos)), images: options.quick ? photos.slice(0, count) : photos });
    }
    const calibration = await features.prepare(learn);
    for (const list of [learn, ...sets.map((set) => set.images)]) await features.inputs(list);
    for (const set of sets) Object.assign(set, { calibration, folder: await features.prepare(set.images) });
    return sets;
  },
  say,
};

const studies = {
  entropy: entropyStudy,
  kl: klStudy,
  peers: peersStudy,
  text: textStudy,
  tables: tablesStudy,
  kv: kvStudy,
  others: othersStudy,
  time: timeStudy,
  sensitivity: sensitivityStudy,
};
const result = {
  images: images.test.length,
  calibrationImages: images.calibration.length,
  machine: machine(),
  versions: [`slicer-codec ${packageVersion('slicer-codec')} (WASM ${context.codec})`],
  musts: [],
};
console.log(`# Rate: EfficientNet-Lite0, ${result.images} images, one frame an image\n\n${result.machine}\n`);
for (const [name, study] of Object.entries(studies)) {
  if (options.only && !options.only.split(',').includes(name)) continue;
  const { musts, markdown, about, ...figures } = await study(context);
  say('');
  result.musts.push(...musts);
  result.versions.push(...about);
  result[name] = figures;
  console.log(`## ${name}\n\n${markdown}\n`);
}
console.log(`## Musts\n\n${mustTable(result.musts)}\n\nMade with: ${result.versions.join('; ')}.`);
python.close();
if (options.json) writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`);
