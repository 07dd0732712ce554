/** Tensors for properties: fast-check draws a recipe, a small generator fills in the values, so that shrinking stays quick. */
import fc from 'fast-check';
import type { DType, Tensor } from 'slicer-codec';

/** Every element type and the typed array that carries it. */
export const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
} as const;

export const DTYPES = Object.keys(ARRAYS) as DType[];
const FLOATS: readonly DType[] = ['float32', 'float16', 'bfloat16'];

/** What the values look like. `bits` is any bit pattern, NaN and infinity included; all others are finite. */
const KINDS = ['gauss', 'relu', 'constant', 'zero', 'outlier', 'special', 'lattice', 'ramp', 'bits'] as const;
type Kind = (typeof KINDS)[number];

/** Values that break codecs: signed zeros, subnormals, ties, the largest finite ones. */
const SPECIAL = [
  0, -0, 1e-45, -1e-45, 1.1754943e-38, 0.5, -0.5, 1.5, 2.5, 65504, -65504, 3.4028235e38, -3.4028235e38, 1e-20,
];

/** How to make a tensor. */
export interface Recipe {
  type: DType;
  dims: number[];
  kind: Kind;
  seed: number;
  scale: number;
}

/** A small generator with a 32-bit state; the values need no quality, only reproducibility. */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** About normal, with unit variance. */
export function gauss(next: () => number): number {
  return (next() + next() + next() + next() - 2) * Math.sqrt(3);
}

/** Draws recipes; `finite` leaves out NaN and infinity. */
export function recipes(finite: boolean): fc.Arbitrary<Recipe> {
  const dims = fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 4 }) },
    { weight: 2, arbitrary: fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constant(1), fc.integer({ min: 1, max: 24 }), fc.constant(9), fc.constant(11)),
    },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 8 }) },
    { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 1, max: 3000 })) },
  );
  return fc.record({
    type: fc.oneof(
      { weight: 3, arbitrary: fc.constant<DType>('float32') },
      { weight: 4, arbitrary: fc.constantFrom(...DTYPES) },
    ),
    dims: dims.map((d) => [...d]),
    kind: fc.constantFrom(...(finite ? KINDS.filter((k) => k !== 'bits') : KINDS)),
    seed: fc.integer(),
    scale: fc.constantFrom(1, 0.01, 37.5, 1e4, 1e-6, 1e12, 1e-30),
  });
}

/** Fills in the values of a recipe. */
export function cook({ type, dims, kind, seed, scale }: Recipe): Tensor {
  const size = dims.reduce((a, b) => a * b, 1);
  const next = random(seed);
  const data = new ARRAYS[type](size);
  if (kind === 'bits') {
    const bytes = new Uint8Array(data.buffer);
    for (let i = 0; i < bytes.length; i++) bytes[i] = next() * 256;
    return { type, data, dims };
  }
  const values = new Float32Array(size);
  const hit = Math.floor(next() * size);
  for (let i = 0; i < size; i++) values[i] = value(kind, next, i, hit, scale);
  store(type, values, data, scale);
  return { type, data, dims };
}

function value(kind: Kind, next: () => number, i: number, hit: number, scale: number): number {
  switch (kind) {
    case 'gauss':
      return gauss(next) * scale;
    case 'relu':
      return Math.max(0, gauss(next) - 0.7) * scale;
    case 'constant':
      return scale;
    case 'zero':
      return 0;
    case 'outlier':
      return (i === hit ? 3000 : gauss(next)) * scale;
    case 'special':
      return SPECIAL[Math.floor(next() * SPECIAL.length)];
    case 'lattice':
      return Math.round(gauss(next) * 4) * 0.5 * scale;
    case 'ramp':
      return i * scale;
    case 'bits':
      return 0;
  }
}

/** Converts to the type; always finite. */
function store(type: DType, values: Float32Array, data: Tensor['data'], scale: number): void {
  const array = data as Float32Array | Uint16Array | Int32Array;
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < values.length; i++) {
    if (type === 'float32') array[i] = Number.isFinite(values[i]) ? values[i] : 3.4028235e38;
    else if (type === 'bfloat16') array[i] = (bits[i] >>> 16) & (((bits[i] >>> 23) & 255) === 255 ? 0xff7f : 0xffff);
    else if (type === 'float16') array[i] = toHalf(values[i]);
    else {
      const max = 2 ** (8 * array.BYTES_PER_ELEMENT - 1) - 1;
      const x = Math.round((values[i] / scale) * 20);
      array[i] = type === 'uint8' ? Math.min(255, Math.abs(x)) : Math.max(-max - 1, Math.min(max, x));
    }
  }
}

/** Truncates to binary16, saturating; which rounding is used does not matter here. */
function toHalf(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const a = Math.min(Math.abs(x), 65504);
  if (a < 2 ** -14) return sign | Math.floor(a * 2 ** 24);
  // From the bits: logarithms may differ between hosts, and the tensors must not.
  const bits = new Uint32Array(Float32Array.of(a).buffer)[0];
  return sign | (((bits >>> 23) - 112) << 10) | ((bits >>> 13) & 1023);
}

/** Whether the type is a floating-point type. */
export function isFloat(type: DType): boolean {
  return FLOATS.includes(type);
}

/** The values as doubles. */
export function toDoubles(type: DType, data: ArrayBufferView): Float64Array {
  const array = data as Float32Array | Uint16Array | Int32Array;
  if (type === 'bfloat16') {
    const bits = new Uint32Array(array.length).map((_, i) => array[i] << 16);
    return Float64Array.from(new Float32Array(bits.buffer));
  }
  if (type === 'float16') return Float64Array.from(array as Uint16Array, fromHalf);
  return Float64Array.from(array as Float32Array);
}

function fromHalf(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const fraction = h & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bytes of a view, for exact comparison. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Whether two views hold the same bytes. */
export function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const [x, y] = [bytesOf(a), bytesOf(b)];
  return x.length === y.length && x.every((v, i) => v === y[i]);
}
