// An image as the network sees it, and what else could be sent instead of a tensor: the same crop in picture formats.
import { createHash } from 'node:crypto';
import { createCanvas, loadImage } from '@napi-rs/canvas';

/** PNG is exact; the others at a usual, a high and a low quality. */
const FORMATS = [
  { label: 'the input as PNG', write: (canvas) => canvas.encode('png') },
  ...[90, 75, 30].flatMap((quality) => [
    { label: `the input as JPEG ${quality}`, write: (canvas) => canvas.encode('jpeg', quality) },
    { label: `the input as WebP ${quality}`, write: (canvas) => canvas.encode('webp', quality) },
  ]),
];

/** An item whose input is a canvas; `feedsOf` turns one into feeds, `name` is unique. */
export function pictureItem({ name, canvas, feedsOf, truth }) {
  return {
    key: name,
    async load() {
      const own = await canvas();
      return {
        passes: [feedsOf(own)],
        truth,
        async forms() {
          const forms = [];
          for (const { label, write } of FORMATS) {
            const bytes = await write(own);
            forms.push({ label, bytes: bytes.length, passes: [feedsOf(await readPicture(bytes))] });
          }
          return forms;
        },
      };
    },
  };
}

/** A picture in any format as a canvas: of its own size, or drawn into a square. */
export async function readPicture(bytes, side) {
  const image = await loadImage(bytes);
  const canvas = createCanvas(side ?? image.width, side ?? image.height);
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Planes of a canvas: `channels` name the order, every value is (x - `shift`) / `scale`, channel by channel. */
export function planes(canvas, { channels, shift, scale }) {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  for (const [c, channel] of [...channels].entries()) {
    const from = 'rgb'.indexOf(channel);
    for (let i = 0; i < plane; i++) values[c * plane + i] = (data[4 * i + from] - shift[c]) / scale[c];
  }
  return { type: 'float32', data: values, dims: [1, 3, height, width] };
}

/** Short hash, for keys. */
export const short = (...parts) => {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest('hex').slice(0, 16);
};
