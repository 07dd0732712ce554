/** Values at the bounds of their types (§ 10, § 11). */
import { type BinList, bin, type Uniform } from '../bins.ts';
import { f32OfBits } from '../bytes.ts';
import type { Collection, Notes } from '../collection.ts';
import { imageOf, isFloat, TYPES } from '../elements.ts';
import { type Body, type Setup, setupOf } from '../model.ts';
import { family, type Source } from '../samples.ts';
import { doubleRounding } from './rounding.ts';

const RARE: Notes = { drawer: 'legal-but-rare' };
const ALL: Uniform = { kind: 'uniform', positive: 8, escapes: 27, firstBits: 4 };

/** Saturation, ties, subnormals, extremes. */
export function rareValues(out: Collection, source: Source): void {
  const good = (id: string, about: string, sections: string, s: Setup, b: Body, flags: Notes['flags'] = []) =>
    out.good(id, about, sections, s, b, { ...RARE, flags });
  const real = (levels: number[], some: Partial<Setup>): Setup =>
    setupOf({ type: 'float32', dims: [levels.length], bins: ALL, tables: family(1, 0, 47), ...some });
  const around = [0, 1, -1, 2, -2, 3, -3, 255, 256, -256, -257, 65535, -70000, 2 ** 30, -(2 ** 30)];
  for (const type of TYPES) {
    for (const [name, step, flag] of [
      ['half', 0.5, 'rounding'],
      ['three-eighths', 0.375, 'rounding'],
      ['large', isFloat(type) ? f32OfBits(0x7f000000) : 33.25, 'saturation'],
      ['tiny', f32OfBits(3), 'special-values'],
    ] as const) {
      good(
        `step-${name}-${type}`,
        `${type} from a step of ${step}`,
        '10 11',
        real(around, { type, step }),
        { levels: around },
        [flag],
      );
    }
  }
  // Ties of the 16-bit floats: a significand of 11 (8) bits and one more, and neighbours; into subnormals too.
  const ties = [
    2049, 2050, 2051, 4098, 4099, 257, 258, 259, 1025, -2049, -2051, -257, -259, 65535, 65519, 65520, 1, 3, 5,
  ];
  for (const type of ['float16', 'bfloat16'] as const) {
    for (const [name, step] of [
      ['one', 1],
      ['subnormal', type === 'float16' ? 2 ** -25 : 2 ** -134],
      ['odd', f32OfBits(0x3f800001)],
    ] as const) {
      const s = real(ties, { type, step });
      good(`ties-${name}-${type}`, `ties of ${type}, step ${step}`, '11', s, { levels: ties }, ['rounding']);
    }
  }
  const steps: [string, number][] = [
    ['smallest', f32OfBits(1)],
    ['largest', f32OfBits(0x7f7fffff)],
    ['normal', f32OfBits(0x00800000)],
  ];
  for (const [name, step] of steps) {
    const levels = [0, 1, -1, 2, -3, 7, 1000000, -1000000];
    good(`step-${name}`, `a step of ${step}`, '10 11', real(levels, { step }), { levels }, ['special-values']);
  }
  const halves: BinList = {
    kind: 'list',
    bins: [bin(-3, 0, 1, 127), bin(-1, 0, 1, -128), bin(0), bin(1, 0, 1, -128), bin(2, 0, 2, 1)],
  };
  const few = [-3, -1, 0, 1, 2, -1, 1];
  const subnormal = real(few, { step: f32OfBits(1), bins: halves });
  good('negative-zero', 'a negative value that rounds to −0', '11', subnormal, { levels: few }, ['special-values']);
  good(
    'negative-zero-float16',
    'a negative value that rounds to −0',
    '11',
    { ...subnormal, type: 'float16' },
    { levels: few },
    ['special-values'],
  );
  const double = doubleRounding(source('double'));
  const s = real(double.levels, { bins: double.bins, step: double.step });
  good(
    'rounding-twice',
    'products that round to a tie in f64 and then to even in f32',
    '11',
    s,
    { levels: double.levels },
    ['rounding'],
  );
  scales(out, real);
  domains(out);
}

function scales(out: Collection, real: (levels: number[], some: Partial<Setup>) => Setup): void {
  const levels = Array.from({ length: 24 }, (_, i) => ((i * 7) % 17) - 8);
  const s = real(levels, { dims: [8, 3], step: 0.3 });
  const rowScales = [-127, -64, -1, 0, 1, 7, 64, 127];
  const scaled = { ...s, scales: { rows: true, channels: [-127, 0, 127] } };
  out.good('scale-codes-extreme', 'scale codes from −127 to 127', '10', scaled, { levels, rowScales }, RARE);
  for (const stepIndex of [-127, 0, 127]) {
    out.good(
      `step-index-${stepIndex < 0 ? 'minus-' : ''}${Math.abs(stepIndex)}`,
      `step index ${stepIndex}`,
      '5 10',
      s,
      { levels, stepIndex },
      RARE,
    );
  }
  // Every factor of the octave, each product inexact.
  const octave = { ...s, step: f32OfBits(0x3dcccccd), scales: { rows: true, channels: [3, 5, 7] } };
  out.good(
    'scale-products',
    'three inexact products in their order',
    '10',
    octave,
    { levels, rowScales: [0, 1, 2, 3, 4, 5, 6, 7], stepIndex: 11 },
    { ...RARE, flags: ['rounding'] },
  );
  const small = { ...s, step: f32OfBits(0x00000400), scales: { rows: true } };
  const tiny = [-40, -39, -3, -2, -1, 0, 1, 2];
  out.good(
    'effective-step-subnormal',
    'effective steps that are subnormal',
    '10 11',
    small,
    { levels, rowScales: tiny },
    { ...RARE, flags: ['special-values'] },
  );
  const forced = { ...s, scales: { channels: [1, -1, 2], style: { k: 7, escape: [1] } } };
  out.good(
    'scale-list-long',
    'a class list with k = 7 and an escape that is not needed',
    '2.1 10',
    forced,
    { levels },
    { ...RARE, flags: ['non-canonical'] },
  );
  const one = real([5, -5], { dims: [2, 1], step: 1, scales: { rows: true, channels: [-127] } });
  out.good(
    'scale-list-one',
    'a class list of one integer is a byte',
    '2.1 10',
    one,
    { levels: [5, -5], rowScales: [127, -127] },
    RARE,
  );
}

function domains(out: Collection): void {
  const bounds: BinList = { kind: 'list', bins: [bin(-(2 ** 31), 31), bin(0, 31)] };
  const setup = { domain: 'integer' as const, bins: bounds, tables: family(1, 0, 47), dims: [5] };
  const values = { int8: [-128, 127], uint8: [0, 255], int16: [-32768, 32767], int32: [-(2 ** 31), 2 ** 31 - 1] };
  for (const [type, [low, high]] of Object.entries(values)) {
    const levels = [low, high, 0, high - 1, low + 1];
    out.good(
      `integer-bounds-${type}`,
      `the bounds of ${type}`,
      '11',
      setupOf({ ...setup, type: type as 'int8' }),
      { levels },
      RARE,
    );
  }
  const bits = [0, 0x80000000, 0x7fffffff, 0xffffffff, 0x7f800000, 0xff800000, 0x7f800001, 0xffc00000, 1, 0x80000001];
  const s = setupOf({ ...setup, type: 'float32', domain: 'float-bits', dims: [10], lanes: 2 });
  const levels = bits.map((b) => imageOf('float32', b));
  out.good(
    'float-bits-bounds',
    'the first and last bit patterns, quiet and signalling NaNs',
    '11',
    s,
    { levels },
    { ...RARE, flags: ['special-values'] },
  );
}

/** Every bit pattern of the 16-bit floats. */
export function exhaustive(out: Collection): void {
  const bins = (bits: number, count: number): BinList => ({
    kind: 'list',
    bins: Array.from({ length: count }, (_, i) => bin(-32768 + i * 2 ** bits, bits)),
  });
  const cases = [
    { type: 'float16', lanes: 1, bits: 8 },
    { type: 'bfloat16', lanes: 8, bits: 12 },
    { type: 'float16', lanes: 32, bits: 10 },
    { type: 'bfloat16', lanes: 1, bits: 9 },
  ] as const;
  for (const { type, lanes, bits } of cases) {
    const list = bins(bits, 2 ** (16 - bits));
    const logs = [list.bins.map(() => 20)];
    // A stride through the patterns, so that neighbours differ.
    const levels = Array.from({ length: 65536 }, (_, i) => imageOf(type, (i * 40503) % 65536));
    const tables = { kind: 'inline' as const, precision: 12, logs };
    const s = setupOf({ type, dims: [256, 256], domain: 'float-bits', lanes, bins: list, tables });
    const flags: Notes['flags'] = ['exhaustive', 'special-values'];
    out.good(`exhaustive-${type}-lanes-${lanes}`, `every bit pattern of ${type}`, '11 12', s, { levels }, { flags });
  }
}
