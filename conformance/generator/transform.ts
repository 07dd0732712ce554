/** From coefficients to channels (§ 15, § 16): every product and every sum rounded to binary32. */

const round = Math.fround;

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

/** 1, −1/2!, 1/4! … and 1, −1/3!, 1/5! …, the highest first. */
const COSINE = [14, 12, 10, 8, 6, 4, 2, 0].map((i) => ((i / 2) % 2 ? -1 : 1) / factorial(i));
const SINE = [13, 11, 9, 7, 5, 3, 1].map((i) => (((i - 1) / 2) % 2 ? -1 : 1) / factorial(i));

const horner = (coefficients: readonly number[], x: number) => coefficients.reduce((sum, c) => c + x * sum);

/** B_N[k][n] of the specification. */
export function basis(N: number, k: number, n: number): number {
  let m = ((2 * n + 1) * k) % (4 * N);
  let sign = 1;
  if (m > 2 * N) m = 4 * N - m;
  if (m > N) [m, sign] = [2 * N - m, -1];
  const small = 2 * m <= N;
  const t = ((small ? m : N - m) * Math.PI) / (2 * N);
  const f = small ? horner(COSINE, t * t) : t * horner(SINE, t * t);
  return round(sign * (f * Math.sqrt((k === 0 ? 1 : 2) / N)));
}

const matrices = new Map<number, number[][]>();

function matrix(N: number): number[][] {
  const known = matrices.get(N);
  if (known) return known;
  const made = Array.from({ length: N }, (_, k) => Array.from({ length: N }, (_, n) => basis(N, k, n)));
  matrices.set(N, made);
  return made;
}

/** r(u, v) of a tile. */
export function weight(u: number, v: number, h: number, w: number): number {
  const [a, b] = [u / h, v / w];
  return round(Math.sqrt(Math.sqrt(1 + 16 * (a * a + b * b))));
}

/** Where the parts of an axis begin, and its end. */
export function cuts(n: number): number[] {
  const parts = Math.ceil(n / 64);
  return Array.from({ length: parts + 1 }, (_, t) => Math.floor((t * n) / parts));
}

/** Σ a · b, from +0, in order. */
function dot(n: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum = round(sum + term(i));
  return sum;
}

/** The values of a plane of coefficients. */
export function inverseDct(plane: Float32Array, height: number, width: number, weighted: boolean): Float32Array {
  const out = new Float32Array(plane.length);
  const rows = cuts(height);
  const columns = cuts(width);
  for (let i = 0; i + 1 < rows.length; i++) {
    for (let j = 0; j + 1 < columns.length; j++) {
      const [top, left] = [rows[i], columns[j]];
      const [h, w] = [rows[i + 1] - top, columns[j + 1] - left];
      const [down, across] = [matrix(h), matrix(w)];
      const place = (y: number, x: number) => (top + y) * width + left + x;
      const z = (u: number, v: number) => round(plane[place(u, v)] * (weighted ? weight(u, v, h, w) : 1));
      const p = Array.from({ length: h }, (_, u) => {
        const line = Array.from({ length: w }, (_, v) => z(u, v));
        return Array.from({ length: w }, (_, n) => dot(w, (v) => round(line[v] * across[v][n])));
      });
      for (let m = 0; m < h; m++) {
        for (let n = 0; n < w; n++) out[place(m, n)] = dot(h, (u) => round(p[u][n] * down[u][m]));
      }
    }
  }
  return out;
}

/** Channels of one row: `matrix` has a line per coefficient, a column per channel. */
export function channelsOf(z: Float32Array, lines: readonly (readonly number[])[], size: number): Float32Array {
  const channels = lines[0].length;
  const out = new Float32Array(channels * size);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < size; i++) {
      out[c * size + i] = dot(lines.length, (k) => round(lines[k][c] * z[k * size + i]));
    }
  }
  return out;
}
