/** Domains and element types (§ 11). */
import { type BinList, bin, type Uniform } from '../bins.ts';
import type { Collection } from '../collection.ts';
import { imageOf, isFloat, rangeOf, TYPES, type Type } from '../elements.ts';
import { setupOf } from '../model.ts';
import { elementsOf, family, inlineFor, levelsFor, type Source } from '../samples.ts';

/** Escapes that cover 16 bits on either side. */
const WIDE: Uniform = { kind: 'uniform', positive: 2, escapes: 16, firstBits: 0 };

/** Every type in every domain it may have. */
export function domainVectors(out: Collection, source: Source): void {
  for (const type of TYPES) {
    const random = source(`domain ${type}`);
    const dims = [4, 6];
    const far = { float32: 60000, float16: 900, bfloat16: 900, int8: 20, uint8: 90, int16: 9000, int32: 30000 }[type];
    const levels = levelsFor(24, random, 4, [far, type === 'uint8' ? 7 : -far, 2]);
    const step = isFloat(type) ? 0.375 : 1.5;
    const real = setupOf({ type, dims, bins: WIDE, step, tables: inlineFor(WIDE, levels, random) });
    out.good(`real-${type}`, `${type} on a grid of ${step}`, '4.2 7 8.1 11', real, { levels });
    if (isFloat(type)) floatBits(type);
    else {
      const [low, high] = rangeOf(type);
      const wide: Uniform = type === 'int32' ? { ...WIDE, escapes: 30 } : WIDE;
      const values = [low, high, 0, 1, ...random.list(20, () => Math.max(low, random.peaked(6)))];
      const list = type === 'int32' ? values.map((v) => (v === low ? -(2 ** 30) : v === high ? 2 ** 30 : v)) : values;
      const s = setupOf({ type, dims, domain: 'integer', bins: wide, tables: family(1, 0, 8) });
      out.good(`integer-${type}`, `${type} levels are values`, '4.2 11', s, { levels: list });
    }
  }

  function floatBits(type: Type): void {
    const random = source(`bits ${type}`);
    const levels = elementsOf(type, 24, random).map((bits) => imageOf(type, bits));
    const bits = type === 'float32' ? 28 : 12;
    const bins: BinList = { kind: 'list', bins: Array.from({ length: 16 }, (_, i) => bin((i - 8) * 2 ** bits, bits)) };
    const s = setupOf({ type, dims: [4, 6], domain: 'float-bits', bins, tables: inlineFor(bins, levels, random) });
    const about = `${type} bit patterns, special values among them`;
    out.good(`float-bits-${type}`, about, '4.2 7 11', s, { levels }, { flags: ['special-values'] });
  }
}
