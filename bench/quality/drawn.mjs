// Lines of text that are drawn here, alone and on pages: what the text networks read and find.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createCanvas, GlobalFonts } from '@napi-rs/canvas';
import { generator } from 'slicer-codec/eval';

const WORDS =
  'amber anchor basket border bridge candle canvas carbon castle copper corner cotton delta dinner dragon engine fabric falcon forest garden ginger guitar hammer harbor island jacket kettle lantern ladder magnet marble meadow mirror museum needle nickel office orange oxygen palace pencil pepper planet pocket quartz rabbit ribbon rocket saddle silver socket spring stable summer tablet temple ticket timber tunnel valley velvet violin walnut window winter yellow zipper'.split(
    ' ',
  );
const STYLES = [
  {},
  { weight: 700, noise: 24 },
  { ink: '#f5e9c8', paper: '#1d2b3a' },
  { size: 26, noise: 8 },
  { slant: -0.22, paper: '#efe6d2' },
  { ink: '#8a8172', paper: '#d8ccb0', noise: 10 },
  { weight: 700, light: true },
  { light: true, noise: 16, tilt: 0.02 },
];

/** Makes the two weights of the type known, once. */
export function registerType() {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@fontsource/noto-sans/package.json')), 'files');
  for (const weight of [400, 700]) {
    GlobalFonts.registerFromPath(join(folder, `noto-sans-latin-${weight}-normal.woff2`), `Type ${weight}`);
  }
}

/** The text of line `n`: words, capitals, numbers, and now and then a mark. */
export function textOf(n) {
  const random = generator(1000 + n);
  const any = (list) => list[Math.floor(random() * list.length)];
  const number = () => String(Math.floor(random() * 10 ** (2 + Math.floor(random() * 4))));
  const word = () => {
    const plain = any(WORDS);
    const kind = random();
    if (kind < 0.2) return plain.toUpperCase();
    return kind < 0.5 ? plain[0].toUpperCase() + plain.slice(1) : plain;
  };
  const forms = [
    () => `${word()} ${word()}`,
    () => `${word()} ${number()}`,
    () => `${word()} ${word()} ${word()}`,
    () => `${number()} ${word()}, ${word()}`,
    () => `${word()}: ${number()}.${number().slice(0, 2)}`,
    () => `${word()}-${number()}`,
  ];
  return any(forms)();
}

/** Line `n` in one of the styles on a canvas of the given size. */
export function drawLine(n, width = 320, height = 48) {
  const style = STYLES[n % STYLES.length];
  const { weight = 400, size = 36, ink = '#101010', paper = '#ffffff', slant = 0, tilt = 0 } = style;
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = paper;
  context.fillRect(0, 0, width, height);
  if (style.light) shade(context, width, height);
  context.fillStyle = ink;
  context.font = `${size}px "Type ${weight}"`;
  const text = textOf(n);
  const shrink = Math.min(1, (width - 20) / context.measureText(text).width);
  context.setTransform(shrink, tilt, slant, shrink, 10 - slant * 34, height / 2 + size * 0.35 * shrink - tilt * 160);
  context.fillText(text, 0, 0);
  context.resetTransform();
  if (style.noise) grain(context, width, height, style.noise, n + 1);
  return { canvas, text };
}

/** Page `n`: some lines of several sizes at places that do not touch. */
export function drawPage(n, side = 320) {
  const random = generator(5000 + n);
  const style = STYLES[n % STYLES.length];
  const canvas = createCanvas(side, side);
  const context = canvas.getContext('2d');
  context.fillStyle = style.paper ?? '#ffffff';
  context.fillRect(0, 0, side, side);
  if (style.light) shade(context, side, side);
  context.fillStyle = style.ink ?? '#101010';
  let [top, line] = [12 + random() * 20, 0];
  while (top < side - 30) {
    const size = 13 + random() * 14;
    context.font = `${size}px "Type ${style.weight ?? 400}"`;
    const text = textOf(100 + 20 * n + line++);
    const room = side - 20 - Math.min(side - 20, context.measureText(text).width);
    context.fillText(text, 10 + random() * room, top + size, side - 20);
    top += size * (1.6 + random() * 1.4);
  }
  if (style.noise) grain(context, side, side, style.noise, n + 1);
  return canvas;
}

function shade(context, width, height) {
  const fall = context.createLinearGradient(0, 0, width, height);
  fall.addColorStop(0, 'rgba(0, 0, 0, 0)');
  fall.addColorStop(1, 'rgba(20, 30, 60, 0.45)');
  context.fillStyle = fall;
  context.fillRect(0, 0, width, height);
}

/** The same grain in every run. */
function grain(context, width, height, amplitude, seed) {
  const pixels = context.getImageData(0, 0, width, height);
  const random = generator(seed);
  for (let i = 0; i < pixels.data.length; i++) {
    if (i % 4 !== 3) pixels.data[i] += (random() + random() + random() - 1.5) * amplitude;
  }
  context.putImageData(pixels, 0, 0);
}
