/**
 * § 16 DCT: the inverse, tile by tile.
 */

const PI: f64 = Math.PI;
const LONGEST: u32 = 64;

/** B_N by k · N + n. */
function basis(size: u32): StaticArray<f32> {
  const out = new StaticArray<f32>(size * size);
  for (let k: u32 = 0; k < size; k++) {
    const root = sqrt<f64>((k ? 2.0 : 1.0) / f64(size));
    for (let n: u32 = 0; n < size; n++) {
      let m: u32 = ((2 * n + 1) * k) % (4 * size);
      if (m > 2 * size) m = 4 * size - m;
      const negative = m > size;
      if (negative) m = 2 * size - m;
      const f = m * 2 <= size ? cosine(m, size) : sine(size - m, size);
      const product = f * root;
      out[k * size + n] = f32(negative ? -product : product);
    }
  }
  return out;
}

function angle(m: u32, size: u32): f64 {
  return (f64(m) * PI) / f64(2 * size);
}

function cosine(m: u32, size: u32): f64 {
  const t = angle(m, size);
  const x = t * t;
  let f: f64 = -1.0 / 87178291200.0;
  f = 1.0 / 479001600.0 + x * f;
  f = -1.0 / 3628800.0 + x * f;
  f = 1.0 / 40320.0 + x * f;
  f = -1.0 / 720.0 + x * f;
  f = 1.0 / 24.0 + x * f;
  f = -1.0 / 2.0 + x * f;
  return 1.0 + x * f;
}

function sine(m: u32, size: u32): f64 {
  const t = angle(m, size);
  const x = t * t;
  let f: f64 = 1.0 / 6227020800.0;
  f = -1.0 / 39916800.0 + x * f;
  f = 1.0 / 362880.0 + x * f;
  f = -1.0 / 5040.0 + x * f;
  f = 1.0 / 120.0 + x * f;
  f = -1.0 / 6.0 + x * f;
  return t * (1.0 + x * f);
}

export class Dct {
  private bases: Array<StaticArray<f32> | null> = new Array<StaticArray<f32> | null>(65);
  private tile: StaticArray<f32> = new StaticArray<f32>(LONGEST * LONGEST);

  constructor(private weighted: bool) {}

  private basis(size: u32): StaticArray<f32> {
    const known = this.bases[size];
    if (known) return known;
    const made = basis(size);
    this.bases[size] = made;
    return made;
  }

  /** One plane of `height` · `width` coefficients from z[at] on becomes values. */
  inverse(z: StaticArray<f32>, at: u32, height: u32, width: u32): void {
    const down = (height + LONGEST - 1) / LONGEST;
    const across = (width + LONGEST - 1) / LONGEST;
    for (let i: u32 = 0; i < down; i++) {
      const top = u32((u64(i) * height) / down);
      const bottom = u32((u64(i + 1) * height) / down);
      for (let j: u32 = 0; j < across; j++) {
        const left = u32((u64(j) * width) / across);
        const right = u32((u64(j + 1) * width) / across);
        this.one(z, at + top * width + left, width, bottom - top, right - left);
      }
    }
  }

  /** A tile of h · w, its lines `line` apart. */
  private one(z: StaticArray<f32>, at: u32, line: u32, h: u32, w: u32): void {
    if (this.weighted) weigh(z, at, line, h, w);
    const p = this.tile;
    const across = this.basis(w);
    const down = this.basis(h);
    for (let u: u32 = 0; u < h; u++) {
      for (let n: u32 = 0; n < w; n++) {
        let sum: f32 = 0;
        for (let v: u32 = 0; v < w; v++) sum = sum + z[at + u * line + v] * across[v * w + n];
        p[u * w + n] = sum;
      }
    }
    for (let m: u32 = 0; m < h; m++) {
      for (let n: u32 = 0; n < w; n++) {
        let sum: f32 = 0;
        for (let u: u32 = 0; u < h; u++) sum = sum + p[u * w + n] * down[u * h + m];
        z[at + m * line + n] = sum;
      }
    }
  }
}

function weigh(z: StaticArray<f32>, at: u32, line: u32, h: u32, w: u32): void {
  for (let u: u32 = 0; u < h; u++) {
    const a = f64(u) / f64(h);
    for (let v: u32 = 0; v < w; v++) {
      const b = f64(v) / f64(w);
      const r = f32(sqrt<f64>(sqrt<f64>((a * a + b * b) * 16.0 + 1.0)));
      const i = at + u * line + v;
      z[i] = z[i] * r;
    }
  }
}
