/** Products that a correct decoder rounds twice (§ 11): first to f64, and there to a tie of f32. */
import { type BinList, bin } from '../bins.ts';
import { f32OfBits } from '../bytes.ts';
import type { Random } from '../random.ts';

const STEP_BITS = 0x3faa5ce5;

/**
 * Levels and bins whose point, times the step's significand, lies beside a tie of f32 by less than f64 resolves: a decoder
 * that rounds once would round to the nearer neighbour. Points are found by inverting the significand modulo a power of 2.
 */
export function doubleRounding(random: Random): { levels: number[]; bins: BinList; step: number } {
  const significand = BigInt((STEP_BITS & 0x7fffff) | 0x800000);
  const modulus = 2n ** 38n;
  const inverse = invert(significand, modulus);
  const bins = [];
  const found = new Set<number>();
  for (let tries = 0; found.size < 12 && tries < 100000; tries++) {
    const beside = BigInt(random.between(1, 400)) * (tries % 2 ? 1n : -1n);
    const point = ((((2n ** 37n + beside) * inverse) % modulus) + modulus) % modulus;
    const product = point * significand;
    const level = Number((point + 128n) >> 8n);
    // 62 bits: 24 that f32 keeps, 38 below; f64 keeps 29 of these, so a distance up to 2^8 vanishes.
    if (product.toString(2).length !== 62 || found.has(level) || level >= 2 ** 31) continue;
    if (Math.fround(Number(product)) === Number(nearest(product))) continue;
    found.add(level);
    bins.push(bin(level, 0, 1, Number(point - 256n * BigInt(level))));
  }
  if (found.size < 12) throw new Error('too few products found');
  bins.sort((a, b) => a.lower - b.lower);
  return { levels: [...found], bins: { kind: 'list', bins }, step: f32OfBits(STEP_BITS) };
}

/** The f32 nearest to a product of 62 bits, rounded once. */
function nearest(product: bigint): bigint {
  const unit = 2n ** 38n;
  const below = product / unit;
  const rest = product % unit;
  const up = rest > unit / 2n || (rest === unit / 2n && below % 2n === 1n);
  return (below + (up ? 1n : 0n)) * unit;
}

function invert(value: bigint, modulus: bigint): bigint {
  let x = 1n;
  for (let i = 0; i < 6; i++) x = (x * (2n - value * x)) % modulus;
  return ((x % modulus) + modulus) % modulus;
}
