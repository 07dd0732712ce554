// EfficientNet-Lite0 on photographs: agreement and KL first, top-1 and top-5 by labels.
import { readFileSync } from 'node:fs';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { classificationTask, frames } from 'slicer-codec/eval';
import { exportModel } from '../models/export.mjs';
import { listImages } from '../rate/images.mjs';
import { openParts, rmsOf } from './parts.mjs';
import { pictureItem, planes, short } from './pictures.mjs';

const SIDE = 224;
const SHORT_SIDE = 256;
const INPUT = { channels: 'rgb', shift: [127, 127, 127], scale: [128, 128, 128] };
/** Cuts on the front of bytes against head compute. */
export const CUTS = ['b10', 'b14', 'b7', 'b4'];

/** Steps in parts of the tensor's root mean square, for either effort. */
export const STEPS = { dense: [0.7, 1, 1.4, 1.9, 2.5], default: [0.7, 1.2, 1.7] };

/** Settings of a cut: steps, as a step is the best knob, and what an error budget gives. */
export function settingsFor(rms) {
  const step = (share) => Number((share * rms).toPrecision(3));
  return [
    ...Object.entries(STEPS).flatMap(([effort, shares]) =>
      shares.map((share) => {
        const label = `step ${share} RMS, ${effort}`;
        return frames(label, `${label} ${step(share)}`, { budget: { step: step(share) }, effort });
      }),
    ),
    frames('nrmse 0.2', 'nrmse 0.2', { budget: { nrmse: 0.2 } }),
  ];
}

/** The task on a folder of photographs. */
export async function* visionTasks({ data, model, cuts = CUTS, limit, say }) {
  const all = listImages(data);
  // A smaller set is spread over the folder.
  const count = Math.min(limit ?? all.length, all.length);
  const images = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]);
  const items = images.map(({ name, path, label }) =>
    pictureItem({
      name: short(name, readFileSync(path)),
      truth: label,
      canvas: () => crop(path),
      feedsOf: (canvas) => ({ input: planes(canvas, INPUT) }),
    }),
  );
  const file = model ?? exportModel('efficientnet_lite0', undefined, say);
  for (const [n, name] of cuts.entries()) {
    // Sending the input costs the same whatever the cut: measured once.
    const own =
      n === 0
        ? items
        : items.map((item) => ({ ...item, key: `${item.key} without forms`, load: () => withoutForms(item) }));
    const parts = await openParts(file, name);
    const settings = settingsFor(await rmsOf(parts, items));
    yield {
      title: `EfficientNet-Lite0 cut at ${name}`,
      kind: 'vision',
      name,
      task: classificationTask(),
      items: own,
      settings,
      parts,
    };
  }
}

async function withoutForms(item) {
  const { passes, truth } = await item.load();
  return { passes, truth };
}

/** The central 224 × 224 of an image scaled to a short side of 256, as bench/rate takes it. */
async function crop(path) {
  const image = await loadImage(readFileSync(path));
  const scale = SHORT_SIDE / Math.min(image.width, image.height);
  const [width, height] = [Math.round(image.width * scale), Math.round(image.height * scale)];
  const canvas = createCanvas(SIDE, SIDE);
  const [x, y] = [-Math.floor((width - SIDE) / 2), -Math.floor((height - SIDE) / 2)];
  canvas.getContext('2d').drawImage(image, x, y, width, height);
  return canvas;
}
