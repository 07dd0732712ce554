/** A tensor against the one that must come out: every bit, or within the bounds of § 11.1. */
import { createHash } from 'node:crypto';
import type { WantedTensor } from './manifest.ts';
import type { Neutral, Type } from './neutral.ts';
import { toDoubles, unitAt } from './values.ts';

/** What values may differ by: nothing, or what § 11.1 allows; with largest magnitudes where § 15 or § 16 applies. */
export interface Tolerance {
  kind: DecoderClass;
  magnitudes?: readonly number[];
}

/** § 11.1: the two classes of decoders. */
export type DecoderClass = 'exact' | 'numeric';

/** Gets the elements that must come out; only asked for where the hash differs. */
export type Reference = () => Promise<Uint8Array>;

/** What is wrong with a tensor, in a sentence; undefined where nothing is. */
export async function compareTensor(
  got: Neutral,
  wanted: WantedTensor,
  { kind, magnitudes }: Tolerance,
  reference: Reference,
): Promise<string | undefined> {
  const shape = (t: { type: string; dims: readonly number[] }) => `${t.type} [${t.dims.join(', ')}]`;
  if (shape(got) !== shape(wanted)) return `returned ${shape(got)}, must be ${shape(wanted)}`;
  if (createHash('sha256').update(got.bytes).digest('hex') === wanted.sha256) return undefined;
  const expected = wanted.bytes === undefined ? await reference() : Buffer.from(wanted.bytes, 'base64');
  const bounds = kind === 'numeric' ? boundsOf(wanted.type, toDoubles(wanted.type, expected), magnitudes) : undefined;
  return difference(got, expected, bounds);
}

/** The largest error of every value that a numeric decoder may make. */
function boundsOf(type: Type, values: Float64Array, magnitudes: readonly number[] = []): Float64Array {
  const perRow = values.length / magnitudes.length;
  return values.map((v, i) => {
    const unit = type === 'float32' ? 0 : unitAt(type, v);
    if (magnitudes.length > 0) return magnitudes[Math.floor(i / perRow)] * 2 ** -16 + unit;
    return type === 'float32' ? Math.abs(v) * 2 ** -20 + 2 ** -140 : unit;
  });
}

/** Counts and names the values that are wrong. Without bounds every bit counts. */
function difference(got: Neutral, expected: Uint8Array, bounds?: Float64Array): string | undefined {
  const [a, b] = [toDoubles(got.type, got.bytes), toDoubles(got.type, expected)];
  const size = got.bytes.length / a.length;
  const equal = (i: number) => {
    for (let k = i * size; k < (i + 1) * size; k++) if (got.bytes[k] !== expected[k]) return false;
    return true;
  };
  let [first, count] = [-1, 0];
  for (let i = 0; i < a.length; i++) {
    if (equal(i) || (bounds && Math.abs(a[i] - b[i]) <= bounds[i])) continue;
    if (count++ === 0) first = i;
  }
  if (count === 0) return undefined;
  const allowed = bounds ? ` within ${bounds[first].toPrecision(3)}` : '';
  const place = coordinates(first, got.dims);
  return `${count} of ${a.length} values are wrong; the first, at [${place}], is ${show(a[first])} and must be ${show(b[first])}${allowed}`;
}

/** Values that look alike are told apart by their sign of zero. */
function show(x: number): string {
  return Object.is(x, -0) ? '-0' : String(x);
}

function coordinates(index: number, dims: readonly number[]): string {
  let rest = index;
  return dims
    .map((_, axis) => {
      const inner = dims.slice(axis + 1).reduce((x, y) => x * y, 1);
      const at = Math.floor(rest / inner);
      rest -= at * inner;
      return at;
    })
    .join(', ');
}
