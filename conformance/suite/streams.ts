/** Laws about streams: bodies of one setup. */
import fc from 'fast-check';
import { SlicerError } from 'slicer-codec';
import { CODES } from './hostile.ts';
import { check, type Implementation, type Law, type MakeLaw } from './law.ts';
import { attempt } from './round-trip.ts';
import { ARRAYS, cook, random, recipes, toDoubles } from './tensors.ts';

/** Rows of some width in any type, and how to quantise them. */
export const streams = fc.record({
  recipe: fc
    .tuple(recipes(true), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 90 }))
    .map(([recipe, rows, width]) => ({ ...recipe, dims: [rows, width] })),
  step: fc.constantFrom(1, 0.3, 0.01),
  shape: fc.constantFrom(0, 1, 2, 3 as const),
  checksum: fc.boolean(),
  taught: fc.boolean(),
  trellis: fc.boolean(),
  adaptive: fc.boolean(),
  damage: fc.integer(),
});

/** The values of a drawn stream, the largest magnitude among them, and the options of its encoder, which was taught nothing. */
export function settle({ recipe, step, shape, checksum, trellis, adaptive }: Drawn) {
  const tensor = cook(recipe);
  const values = toDoubles(tensor.type, tensor.data);
  const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  // A stream of at most one row has exactly one.
  const dims = [recipe.dims[0] || 2, recipe.dims[1]];
  // Levels are 32-bit: a step fit for the data is the caller's business.
  const unit = step * Math.max(largest / 1000, 1e-30);
  const options = { type: tensor.type, dims, step: unit, shape, checksum, trellis, adaptive };
  return { tensor, values, largest, options };
}

type Drawn = typeof streams extends fc.Arbitrary<infer Value> ? Value : never;

/** What a body takes beyond its values: rows, step, padding, coder state. */
const BODY = 64;

export function streamLaws(codec: Implementation['codec'], law: MakeLaw): Law[] {
  return [
    law(
      'a body keeps its cap, and both ends go on from it',
      fc.tuple(streams, fc.integer({ min: 0, max: 600 })),
      ([drawn, room]) => {
        const { tensor, options } = settle(drawn);
        const encoder = new codec.StreamEncoder(options);
        const decoder = new codec.StreamDecoder(encoder.setup);
        try {
          for (const maxBytes of [BODY + room, 1 + room, tensor.data.byteLength + BODY]) {
            const before = encoder.snapshot();
            const body = attempt(() => encoder.encode(tensor.data, { maxBytes }));
            if (!body) {
              check(same(before, encoder.snapshot()), 'a refusal changed the state');
              continue;
            }
            check(body.length <= maxBytes, `${body.length} bytes under a cap of ${maxBytes}`);
            const back = decoder.decode(body);
            check(back.dims.join() === drawn.recipe.dims.join(), 'the head changed');
            check(same(encoder.snapshot(), decoder.snapshot()), 'the ends remember different things');
          }
        } finally {
          encoder.free();
          decoder.free();
        }
      },
    ),
    law('bodies of a stream come back within half a step, or are refused when damaged', streams, (drawn) => {
      const { recipe, taught, trellis } = drawn;
      const { tensor, values, largest, options } = settle(drawn);
      const { step } = options;
      const sample = taught ? { data: tensor.data as Float32Array, rows: recipe.dims[0] } : undefined;
      const encoder = new codec.StreamEncoder({ ...options, sample });
      const decoder = new codec.StreamDecoder(encoder.setup);
      try {
        // The second body lies on what the first one left.
        decoder.decode(encoder.encode(tensor.data));
        const body = encoder.encode(tensor.data);
        const back = decoder.decode(body);
        check(same(encoder.snapshot(), decoder.snapshot()), 'the ends remember different things');
        check(back.dims.join() === recipe.dims.join() && back.data instanceof ARRAYS[tensor.type], 'the head changed');
        // A trellis trades error for bits.
        checkError(tensor.type, values, toDoubles(back.type, back.data), trellis ? 4 * step : step, largest);
        damageBody(decoder, body, drawn.damage);
      } finally {
        encoder.free();
        decoder.free();
      }
    }),
  ];
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Half a step, plus what rounding to the type adds. */
function checkError(type: string, before: Float64Array, after: Float64Array, step: number, largest: number): void {
  const rounding = { float32: 2 ** -22, float16: 2 ** -10, bfloat16: 2 ** -7 }[type];
  const limit =
    step / 2 + (rounding === undefined ? 0.5 : rounding * largest) + 1e-37 + (type === 'float16' ? 2 ** -24 : 0);
  for (let i = 0; i < before.length; i++) {
    const error = Math.abs(before[i] - after[i]);
    check(error <= limit, `value ${i}: ${before[i]} became ${after[i]} at a step of ${step}`);
  }
}

function damageBody(decoder: { decode(bytes: Uint8Array): unknown }, body: Uint8Array, seed: number): void {
  if (body.length === 0) return;
  const next = random(seed);
  const bad = body.slice(0, next() < 0.3 ? Math.floor(next() * body.length) : body.length);
  for (let i = 0; i < 3 && bad.length > 0; i++) bad[Math.floor(next() * bad.length)] = next() * 256;
  try {
    decoder.decode(bad);
  } catch (error) {
    check(error instanceof SlicerError && CODES.has(error.code), String(error));
  }
}
