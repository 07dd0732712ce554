// What it costs to send the image itself instead of a tensor: the rival that every split has to be compared with.
import { createCanvas, loadImage } from '@napi-rs/canvas';

/** PNG is exact; the others stand at the usual quality and at a high one. */
export const FORMATS = [
  { label: 'the image as PNG', encode: (canvas) => canvas.encode('png') },
  ...[90, 75].flatMap((quality) => [
    { label: `the image as JPEG ${quality}`, encode: (canvas) => canvas.encode('jpeg', quality) },
    { label: `the image as WebP ${quality}`, encode: (canvas) => canvas.encode('webp', quality) },
  ]),
];

/** An image file as a canvas again. */
export async function decodeImage(bytes) {
  const image = await loadImage(bytes);
  const canvas = createCanvas(image.width, image.height);
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas;
}
