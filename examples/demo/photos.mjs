// Image classification: a folder of labelled photographs through EfficientNet-Lite0.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { exportModel } from '../../bench/models/export.mjs';

const SIDE = 224;
const SHORT_SIDE = 256;

/** The task on the JPEG files of a folder; `labels.json` in it maps file names to class numbers. */
export async function photoTask(folder, { model, limit, say }) {
  const file = join(folder, 'labels.json');
  if (!existsSync(file)) throw new Error(`${folder} holds no labels.json (file name → class number)`);
  const labels = JSON.parse(readFileSync(file, 'utf8'));
  const names = readdirSync(folder)
    .filter((name) => /\.jpe?g$/i.test(name) && Number.isInteger(labels[name]))
    .sort()
    .slice(0, limit);
  if (names.length === 0) throw new Error(`${folder} holds no *.jpg that labels.json names`);
  const items = [];
  for (const [i, name] of names.entries()) {
    say(`reading images ${i + 1}/${names.length}`);
    const canvas = crop(await loadImage(readFileSync(join(folder, name))));
    items.push({ label: name, truth: labels[name], canvas, feeds: feedsOf(canvas) });
  }
  return {
    name: 'imagenet',
    title: 'EfficientNet-Lite0 image classification',
    noun: 'image',
    modelPath: model ?? exportModel('efficientnet_lite0', undefined, say),
    inputShapes: { input: [1, 3, SIDE, SIDE] },
    items,
    feedsOf,
    answer: ({ logits }) => logits.data.reduce((best, value, i, all) => (value > all[best] ? i : best), 0),
    distributions: ({ logits }) => ({ values: softmax(logits.data), classes: logits.data.length }),
    accepts: (row) => row.kl.mean <= 0.02,
  };
}

/** The central square of the image scaled to a short side of 256. */
function crop(image) {
  const scale = SHORT_SIDE / Math.min(image.width, image.height);
  const width = Math.round(image.width * scale);
  const height = Math.round(image.height * scale);
  const canvas = createCanvas(SIDE, SIDE);
  const left = Math.floor((width - SIDE) / 2);
  const top = Math.floor((height - SIDE) / 2);
  canvas.getContext('2d').drawImage(image, -left, -top, width, height);
  return canvas;
}

function feedsOf(canvas) {
  const { data } = canvas.getContext('2d').getImageData(0, 0, SIDE, SIDE);
  const plane = SIDE * SIDE;
  const values = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) values[c * plane + i] = (data[4 * i + c] - 127) / 128;
  }
  return { input: { type: 'float32', data: values, dims: [1, 3, SIDE, SIDE] } };
}

function softmax(logits) {
  const top = logits.reduce((a, b) => Math.max(a, b));
  const powers = Float64Array.from(logits, (value) => Math.exp(value - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((value) => value / sum);
}
