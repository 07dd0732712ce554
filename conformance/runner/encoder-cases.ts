/** What encoder programs are asked: tensors by recipe, and what each is to keep. */
import { type Neutral, SIZES, type Type } from './neutral.ts';
import { brainOf, halfOf } from './values.ts';

/** B.4: what is asked of a frame. */
export type Asked = { nrmse: number } | { maxError: number } | { bytes: number } | { lossless: true };

/** One call of an encoder program. */
export interface EncoderCase {
  id: string;
  about: string;
  tensor: () => Neutral;
  asked: Asked;
  /** `cap`: below what a tensor may need, so that status 30 is right too. `non-finite`: status 31 is. */
  may?: 'cap' | 'non-finite';
}

/** A generator with a state of 32 bits: the same tensors on every machine. */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Fill = (next: () => number, i: number, n: number) => number;

/** About normal; sums and products alone, which every machine rounds alike. */
const normal: Fill = (next) => (next() + next() + next() + next() - 2) * 1.75;
const FILLS: Record<string, Fill> = {
  normal,
  rectified: (next, i, n) => Math.max(0, normal(next, i, n) - 0.7),
  outlier: (next, i, n) => (i === n >> 1 ? 4000 : normal(next, i, n)),
  zeros: () => 0,
  constant: () => 0.75,
  ramp: (_, i) => i - 20,
};

/** The bits of values: any pattern of a 16-bit type is some value, so the nearest is found by search. */
function nearest(value: (bits: number) => number, x: number): number {
  const magnitude = Math.abs(x);
  let [low, high] = [0, 0x7bff];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (value(middle) <= magnitude) low = middle;
    else high = middle - 1;
  }
  return low | (x < 0 ? 0x8000 : 0);
}

function tensor(type: Type, dims: number[], fill: string, seed: number): Neutral {
  const n = dims.reduce((a, b) => a * b, 1);
  const bytes = new Uint8Array(n * SIZES[type]);
  const view = new DataView(bytes.buffer);
  const next = random(seed);
  for (let i = 0; i < n; i++) {
    const x = FILLS[fill](next, i, n);
    const integer = (low: number, high: number) => Math.max(low, Math.min(high, Math.round(x * 20)));
    if (type === 'float32') view.setFloat32(4 * i, x, true);
    else if (type === 'float16') view.setUint16(2 * i, nearest(halfOf, x), true);
    else if (type === 'bfloat16') view.setUint16(2 * i, nearest(brainOf, x), true);
    else if (type === 'int8') view.setInt8(i, integer(-128, 127));
    else if (type === 'uint8') view.setUint8(i, integer(0, 255));
    else if (type === 'int16') view.setInt16(2 * i, integer(-32768, 32767), true);
    else view.setInt32(4 * i, integer(-(2 ** 31), 2 ** 31 - 1), true);
  }
  return { type, dims, bytes };
}

/** Every bit pattern may be there. */
function anyBits(type: Type, dims: number[], seed: number): Neutral {
  const next = random(seed);
  const bytes = new Uint8Array(dims.reduce((a, b) => a * b, SIZES[type]));
  for (let i = 0; i < bytes.length; i++) bytes[i] = next() * 256;
  return { type, dims, bytes };
}

/** Zeros of either sign. */
function signedZeros(): Neutral {
  return { type: 'float32', dims: [4], bytes: new Uint8Array(new Float32Array([-0, 0, -0, 1]).buffer) };
}

/** B.4: a cap that every encoder can keep. */
function rawFrame({ dims, bytes }: Neutral): number {
  return bytes.length + 14 + 5 * dims.length;
}

/** Names of what is asked. */
function wordsOf(asked: Asked): string {
  return Object.entries(asked).map(([key, value]) => (value === true ? key : `${key} ${value}`))[0];
}

/** All cases, the simplest first. */
export function encoderCases(): EncoderCase[] {
  const out: EncoderCase[] = [];
  const add = (name: string, make: () => Neutral, asked: Asked, may?: EncoderCase['may']) => {
    const id = `${name}-${wordsOf(asked)
      .replace(/[^a-zA-Z0-9]+/g, '-')
      .toLowerCase()}`;
    out.push({ id, about: `${name}: ${wordsOf(asked)}`, tensor: make, asked, may });
  };
  const planes = [1, 12, 9, 11];
  const shapes: [string, number[]][] = [
    ['one', [1]],
    ['scalar', []],
    ['empty', [0, 4]],
    ['row', [37]],
    ['rows', [6, 40]],
    ['planes', planes],
    ['rank-8', [1, 2, 1, 2, 1, 2, 1, 2]],
  ];
  for (const [name, dims] of shapes) {
    add(`${name}-float32`, () => tensor('float32', dims, 'normal', dims.length), { lossless: true });
    add(`${name}-float32`, () => tensor('float32', dims, 'normal', dims.length), { nrmse: 0.1 });
    add(`${name}-float32`, () => tensor('float32', dims, 'normal', dims.length), { maxError: 0.05 });
  }
  for (const type of Object.keys(SIZES) as Type[]) {
    add(`bits-${type}`, () => anyBits(type, [5, 33], 11), { lossless: true });
    add(`rows-${type}`, () => tensor(type, [8, 24], 'normal', 5), { nrmse: 0.05 });
    add(`rows-${type}`, () => tensor(type, [8, 24], 'normal', 5), { maxError: 1 });
  }
  for (const fill of Object.keys(FILLS)) {
    for (const nrmse of [0.3, 0.03, 0.001]) add(`fill-${fill}`, () => tensor('float32', planes, fill, 3), { nrmse });
    const large = () => tensor('float32', [1, 16, 14, 14], fill, 8);
    for (const share of [1, 0.5, 0.2, 0.1, 0.05]) {
      const bytes = Math.floor(rawFrame(large()) * share);
      add(`cap-${fill}`, large, { bytes }, share < 1 ? 'cap' : undefined);
    }
  }
  add('signs', () => signedZeros(), { lossless: true });
  add('cap-impossible', () => tensor('float32', [40], 'normal', 2), { bytes: 8 }, 'cap');
  for (const [name, bits] of [
    ['nan', 0x7fc00001],
    ['infinity', 0xff800000],
  ] as const) {
    const make = () => {
      const t = tensor('float32', [30], 'normal', 4);
      new DataView(t.bytes.buffer).setUint32(40, bits, true);
      return t;
    };
    add(name, make, { lossless: true });
    add(name, make, { nrmse: 0.1 }, 'non-finite');
  }
  return out;
}
