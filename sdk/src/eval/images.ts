/** Pictures as inputs, and as what could be sent instead of a tensor. Needs the optional peer @napi-rs/canvas. */
import { SlicerError } from '../codec/errors.js';
import type { EvalTensor, EvalTensors, InputForm } from './evaluate.js';

/** How a picture becomes a tensor [1, 3, height, width] of (x - mean) / std, x from 0 to 255. */
export interface ImageSpec {
  readonly width: number;
  readonly height: number;
  /** `'crop'` (the default): scaled to `shortSide`, then the centre; `'stretch'`: scaled to fit. */
  readonly fit?: 'crop' | 'stretch';
  /** 8/7 of the larger side unless given. */
  readonly shortSide?: number;
  /** `'rgb'` unless given. */
  readonly channels?: 'rgb' | 'bgr';
  /** In the order of `channels`; 0 and 1 unless given. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** What is used of a canvas. */
interface Canvas {
  readonly width: number;
  readonly height: number;
  getContext(kind: '2d'): {
    drawImage(image: unknown, x: number, y: number, width: number, height: number): void;
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
  };
  encode(format: 'png'): Promise<Uint8Array>;
  encode(format: 'jpeg' | 'webp', quality: number): Promise<Uint8Array>;
}

interface CanvasModule {
  createCanvas(width: number, height: number): Canvas;
  loadImage(bytes: Uint8Array): Promise<{ readonly width: number; readonly height: number }>;
}

/** Reads pictures in one way. */
export interface Images {
  /** The picture as the network sees it. */
  read(bytes: Uint8Array, name: string): Promise<Canvas>;
  tensor(canvas: Canvas): EvalTensor;
}

/**
 * Prepares the reading of pictures.
 *
 * @throws SlicerError `invalid_option` where @napi-rs/canvas is missing, `bad_manifest` for sizes that make no sense.
 */
export async function loadImages(spec: ImageSpec): Promise<Images> {
  const { width, height, fit = 'crop', channels = 'rgb', mean = [0, 0, 0], std = [1, 1, 1] } = spec;
  const whole = (x: number) => Number.isInteger(x) && x > 0;
  const three = (list: readonly number[]) => Array.isArray(list) && list.length === 3 && list.every(Number.isFinite);
  const refuse = (why: string) =>
    new SlicerError('bad_manifest', `The manifest is no good: image.${why}.`, {
      advice: 'Correct the field it names.',
    });
  if (!whole(width) || !whole(height)) throw refuse('width and height must be whole numbers above 0');
  if (!['crop', 'stretch'].includes(fit)) throw refuse(`fit is '${fit}'; there is crop and stretch`);
  if (!['rgb', 'bgr'].includes(channels)) throw refuse(`channels is '${channels}'; there is rgb and bgr`);
  if (!three(mean) || !three(std) || std.includes(0))
    throw refuse('mean and std must be three numbers each, std without 0');
  const { createCanvas, loadImage } = await canvasModule();
  const shortSide = spec.shortSide ?? Math.round((8 / 7) * Math.max(width, height));
  return {
    async read(bytes, name) {
      let image: Awaited<ReturnType<typeof loadImage>>;
      try {
        image = await loadImage(bytes);
      } catch (cause) {
        throw new SlicerError('invalid_tensor', `${name} is no picture that can be read.`, {
          advice: 'PNG, JPEG, WebP and AVIF can.',
          cause,
        });
      }
      const canvas = createCanvas(width, height);
      const scale = shortSide / Math.min(image.width, image.height);
      const [w, h] =
        fit === 'stretch' ? [width, height] : [Math.round(image.width * scale), Math.round(image.height * scale)];
      canvas.getContext('2d').drawImage(image, -Math.floor((w - width) / 2), -Math.floor((h - height) / 2), w, h);
      return canvas;
    },
    tensor(canvas) {
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
      const plane = width * height;
      const values = new Float32Array(3 * plane);
      for (let c = 0; c < 3; c++) {
        const from = 'rgb'.indexOf(channels[c]);
        for (let i = 0; i < plane; i++) values[c * plane + i] = (data[4 * i + from] - mean[c]) / std[c];
      }
      return { type: 'float32', data: values, dims: [1, 3, height, width] };
    },
  };
}

/** The picture as the network sees it in formats of pictures, each with what the network gets then. */
export async function pictureForms(
  images: Images,
  canvas: Canvas,
  feeds: (tensor: EvalTensor) => EvalTensors,
): Promise<InputForm[]> {
  const { createCanvas, loadImage } = await canvasModule();
  const forms: InputForm[] = [];
  const add = async (label: string, bytes: Uint8Array) => {
    const again = createCanvas(canvas.width, canvas.height);
    again.getContext('2d').drawImage(await loadImage(bytes), 0, 0, canvas.width, canvas.height);
    forms.push({ label: `the input as ${label}`, bytes: bytes.length, passes: [feeds(images.tensor(again))] });
  };
  await add('PNG', await canvas.encode('png'));
  for (const quality of [90, 75, 30]) {
    await add(`JPEG ${quality}`, await canvas.encode('jpeg', quality));
    await add(`WebP ${quality}`, await canvas.encode('webp', quality));
  }
  return forms;
}

async function canvasModule(): Promise<CanvasModule> {
  // A name in a variable: neither bundlers nor the type checker need to have the package.
  const name = '@napi-rs/canvas';
  try {
    return (await import(name)) as CanvasModule;
  } catch (cause) {
    throw new SlicerError('invalid_option', `reading pictures needs ${name}, which is not installed`, {
      advice: `Run \`npm install ${name}\`, or give the inputs as .npy.`,
      cause,
    });
  }
}
