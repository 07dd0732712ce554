/** Laws about budgets: guarantees are kept, caps are kept, the report tells the truth. */
import fc from 'fast-check';
import type { Budget, EncodeOptions, Layout } from 'slicer-codec';
import { check, type Implementation, type Law, type MakeLaw } from './law.ts';
import { measure } from './measure.ts';
import { fit, jobs, settings } from './options.ts';
import { attempt } from './round-trip.ts';
import { cook, type Recipe, recipes } from './tensors.ts';

/** Rounding room between our own sums and the core's. */
const SLACK = 1 + 1e-9;
/** What the presets promise: an NRMSE. */
const PRESETS = [
  ['near-lossless', 0.003],
  ['balanced', 0.03],
  ['small', 0.1],
] as const;

export function lossyLaws(codec: Implementation['codec'], law: MakeLaw): Law[] {
  const run = (recipe: Recipe, options: EncodeOptions) => {
    const tensor = cook(recipe);
    const { bytes, report } = codec.encode(tensor, options);
    const back = codec.decode(bytes);
    const granularity = options.granularity ?? 'tensor';
    const layout = layoutOf(recipe, options.layout);
    const found = measure(tensor.type, tensor.data, back.data, report.layout, granularity, layout);
    return { report, found, bytes, tensor };
  };
  const guarantee = (
    name: string,
    budget: (limit: number) => Budget,
    holds: (found: Found, limit: number) => boolean,
  ) =>
    law(
      name,
      fc.tuple(recipes(true), settings, fc.constantFrom(0.5, 0.1, 0.0316, 1e-3, 1e-6)),
      ([recipe, rest, limit]) => {
        const { found } = run(recipe, fit(budget(limit), rest));
        check(holds(found, limit), `asked for ${limit}, got ${JSON.stringify(found)}`);
      },
    );
  return [
    guarantee(
      'nrmse is kept in the worst group',
      (nrmse) => ({ nrmse }),
      (f, limit) => f.worstGroup <= limit * SLACK,
    ),
    guarantee(
      'maxError is kept',
      (maxError) => ({ maxError }),
      (f, limit) => f.maxError <= limit * SLACK,
    ),
    guarantee(
      'the method alone holds the whole tensor to its distortion',
      (distortion) => ({ distortion }),
      (f, limit) => f.nrmse <= limit * SLACK,
    ),
    law(
      'presets are kept in the worst group',
      fc.tuple(recipes(true), settings, fc.constantFrom(...PRESETS)),
      ([recipe, rest, [preset, limit]]) => {
        const { found } = run(recipe, fit(preset, rest));
        check(found.worstGroup <= limit * SLACK, `${preset}: ${JSON.stringify(found)}`);
      },
    ),
    law(
      'bytes and bitsPerValue are caps',
      fc.tuple(recipes(true), settings, fc.integer({ min: 1, max: 2000 }), fc.boolean()),
      ([recipe, rest, n, total]) => {
        const size = recipe.dims.reduce((a, b) => a * b, 1);
        const bitsPerValue = (n % 64) / 4 + 0.25;
        const budget = total ? { bytes: n } : { bitsPerValue };
        const cap = total ? n : (bitsPerValue * size) / 8;
        const result = attempt(() => codec.encode(cook(recipe), fit(budget, rest)));
        check(!result || result.bytes.length <= cap, `${result?.bytes.length} bytes under a cap of ${cap}`);
      },
    ),
    law('the report tells what decoding gives', jobs, (job) => {
      const outcome = attempt(() => run(job.recipe, job.options));
      if (!outcome) return;
      const { report, found, bytes, tensor } = outcome;
      const near = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * Math.max(a, b) + 1e-12;
      check(
        near(report.nrmse, found.nrmse) || found.nrmse === Number.POSITIVE_INFINITY,
        `nrmse ${report.nrmse}, found ${found.nrmse}`,
      );
      check(near(report.maxError, found.maxError), `maxError ${report.maxError}, found ${found.maxError}`);
      check(report.bytes === bytes.length && report.rawBytes === tensor.data.byteLength, 'sizes');
    }),
  ];
}

type Found = ReturnType<typeof measure>;

function layoutOf(recipe: Recipe, layout: Layout | undefined): Exclude<Layout, 'auto'> {
  if (layout && layout !== 'auto') return layout;
  return recipe.dims.length >= 4 ? 'nchw' : 'rows';
}
