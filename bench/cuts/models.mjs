// The models whose cuts are listed and checked, and how each is asked.
import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeWithData } from '../../sdk/dist/esm/onnx/external-data.js';
import { readLean } from '../../sdk/dist/esm/onnx/lean-file.js';
import { exportModel } from '../models/export.mjs';

/** By name: options of the survey, and how many cuts are tried. */
export const MODELS = {
  efficientnet_lite0: { tried: 8 },
  ppocr_det: { inputShapes: { x: [1, 3, 320, 320] }, tried: 6 },
  ppocr_rec: { inputShapes: { x: [1, 3, 48, 320] }, tried: 6 },
  ppocr_cls: { inputShapes: { x: [1, 3, 48, 192] }, tried: 6 },
  minilm: { most: 2, tried: 5 },
  magika: { tried: 4 },
  // Holds `If`; its state goes in and out beside the data.
  silero_vad: { from: ['input'], to: ['output'], inputShapes: { input: [1, 576] }, tried: 4 },
  detector: { inputShapes: { images: [1, 3, 320, 320] }, tried: 4 },
  smollm2: { tried: 2 },
  smollm2_external: { tried: 1 },
};

/** Path of a model; made where it is not there. */
export async function modelPath(name, say) {
  if (name !== 'smollm2_external') return exportModel(name, undefined, say);
  const whole = exportModel('smollm2', undefined, say);
  const path = join(dirname(whole), 'smollm2_external.onnx');
  if (existsSync(path)) return path;
  say('writing smollm2_external.onnx with its weights beside it');
  const data = basename(path, '.onnx').concat('.data');
  await rm(join(dirname(path), data), { force: true });
  const { bytes } = await writeWithData(await readLean(whole), dirname(whole), dirname(path), data);
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
  return path;
}
