/** The tools of a profile on one tensor, in plain arithmetic: what a codec with these tools would quantise. */
import { channelsLast, type FeatureView } from './features.js';
import type { ProfileParts } from './parts.js';

/** Longest side of a plane that a DCT takes whole. */
export const LONGEST_DCT = 64;

/** Coefficients of one row (channels × plane, or one position with all channels), channel by channel. */
export function forward(parts: ProfileParts, view: FeatureView, data: Float32Array): Float32Array {
  const plane = view.height * view.width;
  const { channels } = view;
  let planes = new Float32Array(channels * plane);
  each(view, (c, p, at) => {
    planes[c * plane + p] = data[at] - parts.mean[c];
  });
  const { transform } = parts;
  if (transform) planes = multiply(transform.forward, transform.rank, channels, planes, plane);
  if (parts.dct) dct(planes, view, false);
  if (parts.frequencyWeight) weigh(planes, view, false);
  return planes;
}

/** The values that coefficients stand for, in the order of the tensor. */
export function inverse(parts: ProfileParts, view: FeatureView, coefficients: Float32Array): Float32Array {
  const plane = view.height * view.width;
  let planes = coefficients.slice();
  if (parts.frequencyWeight) weigh(planes, view, true);
  if (parts.dct) dct(planes, view, true);
  const { transform } = parts;
  if (transform) planes = multiply(transform.inverse, view.channels, transform.rank, planes, plane);
  const data = new Float32Array(view.channels * plane);
  each(view, (c, p, at) => {
    data[at] = planes[c * plane + p] + parts.mean[c];
  });
  return data;
}

/** Channel, position and index of every value of a row. */
function each(view: FeatureView, use: (channel: number, position: number, at: number) => void): void {
  const plane = view.height * view.width;
  const last = channelsLast(view);
  for (let c = 0; c < view.channels; c++) {
    for (let p = 0; p < plane; p++) use(c, p, last ? p * view.channels + c : c * plane + p);
  }
}

function multiply(
  matrix: Float32Array,
  rows: number,
  inner: number,
  x: Float32Array,
  plane: number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(rows * plane);
  for (let i = 0; i < rows; i++) {
    const target = result.subarray(i * plane, (i + 1) * plane);
    for (let k = 0; k < inner; k++) {
      const factor = matrix[i * inner + k];
      for (let p = 0, at = k * plane; p < plane; p++, at++) target[p] += factor * x[at];
    }
  }
  return result;
}

const bases = new Map<number, Float64Array>();

/** Rows of the orthonormal DCT of a length. */
function basis(length: number): Float64Array {
  let rows = bases.get(length);
  if (!rows) {
    rows = new Float64Array(length * length);
    for (let u = 0; u < length; u++) {
      const norm = Math.sqrt((u === 0 ? 1 : 2) / length);
      for (let x = 0; x < length; x++) {
        rows[u * length + x] = norm * Math.cos((Math.PI * (2 * x + 1) * u) / (2 * length));
      }
    }
    bases.set(length, rows);
  }
  return rows;
}

function dct(planes: Float32Array, { height, width }: FeatureView, back: boolean): void {
  const [rows, columns] = [basis(width), basis(height)];
  const plane = height * width;
  const middle = new Float64Array(plane);
  const at = (b: Float64Array, n: number, u: number, x: number) => (back ? b[x * n + u] : b[u * n + x]);
  for (let from = 0; from < planes.length; from += plane) {
    for (let y = 0; y < height; y++) {
      for (let u = 0; u < width; u++) {
        let sum = 0;
        for (let x = 0; x < width; x++) sum += at(rows, width, u, x) * planes[from + y * width + x];
        middle[y * width + u] = sum;
      }
    }
    for (let u = 0; u < height; u++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let y = 0; y < height; y++) sum += at(columns, height, u, y) * middle[y * width + x];
        planes[from + u * width + x] = sum;
      }
    }
  }
}

/** (1 + 16(u² + v²))^−¼ with u and v from 0 to 1: high frequencies are quantised more coarsely. */
function weigh(planes: Float32Array, { height, width }: FeatureView, back: boolean): void {
  const plane = height * width;
  const weights = Float64Array.from({ length: plane }, (_, p) => {
    const [u, v] = [Math.floor(p / width) / height, (p % width) / width];
    return (1 + 16 * (u * u + v * v)) ** (back ? 0.25 : -0.25);
  });
  for (let i = 0; i < planes.length; i++) planes[i] *= weights[i % plane];
}
