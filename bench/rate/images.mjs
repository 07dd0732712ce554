// Photographs as the network's input: the central 224 x 224 of an image whose short side is 256, (RGB - 127) / 128.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCanvas, loadImage } from '@napi-rs/canvas';

const SIDE = 224;
const SHORT_SIDE = 256;

/** The images of a folder that its labels.json names, in alphabetical order. */
export function listImages(folder) {
  const file = join(folder, 'labels.json');
  if (!existsSync(file)) throw new Error(`${folder} holds no labels.json (file name → class number)`);
  const labels = JSON.parse(readFileSync(file, 'utf8'));
  const names = readdirSync(folder).filter((name) => /\.jpe?g$/i.test(name) && Number.isInteger(labels[name]));
  return names.sort().map((name) => ({ name, path: join(folder, name), label: labels[name] }));
}

/** The images of a folder in alphabetical order, without labels: answers are compared with those of the unsplit network. */
export function listPhotos(folder) {
  const names = readdirSync(folder).filter((name) => /\.(jpe?g|png|webp)$/i.test(name));
  if (names.length === 0) throw new Error(`${folder} holds no images`);
  return names.sort().map((name) => ({ name, path: join(folder, name) }));
}

/**
 * Two disjoint sets, each spread over the whole folder: the test images that every figure is about, and calibration
 * images on which rivals are tuned.
 */
export function splitImages(images, testCount, calibrationCount) {
  if (images.length < testCount) throw new Error(`${testCount} images are wanted, the folder has ${images.length}`);
  const spread = (list, count) =>
    Array.from({ length: Math.min(count, list.length) }, (_, i) => list[Math.floor((i * list.length) / count)]);
  const test = spread(images, testCount);
  const taken = new Set(test);
  const rest = images.filter((image) => !taken.has(image));
  return { test, calibration: spread(rest, Math.min(calibrationCount, rest.length)) };
}

/** The network's input for one image: planes of red, green and blue. */
export async function inputOf(path) {
  const image = await loadImage(readFileSync(path));
  const scale = SHORT_SIDE / Math.min(image.width, image.height);
  const [width, height] = [Math.round(image.width * scale), Math.round(image.height * scale)];
  const context = createCanvas(SIDE, SIDE).getContext('2d');
  context.drawImage(image, -Math.floor((width - SIDE) / 2), -Math.floor((height - SIDE) / 2), width, height);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  const plane = SIDE * SIDE;
  const values = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) values[c * plane + i] = (data[4 * i + c] - 127) / 128;
  }
  return { data: values, dims: [1, 3, SIDE, SIDE] };
}
