/** Laws about what comes back: exactness, shape, reports, reuse. */
import fc from 'fast-check';
import { SlicerError } from 'slicer-codec';
import { check, type Implementation, type Law, type MakeLaw } from './law.ts';
import { jobs } from './options.ts';
import { ARRAYS, cook, isFloat, recipes, sameBytes } from './tensors.ts';

/** Room a frame may take beyond the raw tensor: magic, version, setup with eight dims, checksum. */
const HEADER = 64;

export function roundTripLaws(codec: Implementation['codec'], law: MakeLaw): Law[] {
  const exact = (mode: 'lossless' | 'raw' | 'auto') =>
    law(`${mode} frames keep every bit pattern`, fc.tuple(recipes(false), fc.boolean()), ([recipe, bits]) => {
      const tensor = cook(bits ? { ...recipe, kind: 'bits' } : recipe);
      const { bytes, report } = codec.encode(tensor, { budget: { lossless: true }, mode });
      const back = codec.decode(bytes);
      check(back.type === tensor.type, `type became ${back.type}`);
      check(back.dims.join() === tensor.dims.join(), `dims became ${back.dims}`);
      check(sameBytes(back.data, tensor.data), 'bits changed');
      check(bytes.length <= tensor.data.byteLength + HEADER, `${bytes.length} bytes of ${tensor.data.byteLength}`);
      check(report.nrmse === 0 && report.maxError === 0, 'the report claims an error');
    });
  return [
    exact('lossless'),
    exact('raw'),
    exact('auto'),
    law('any budget gives back type, dims and finite values, in no more than the raw size', jobs, (job) => {
      const tensor = cook(job.recipe);
      const result = attempt(() => codec.encode(tensor, job.options));
      if (!result) return;
      const back = codec.decode(result.bytes);
      check(back.type === tensor.type && back.dims.join() === tensor.dims.join(), 'the head changed');
      check(back.data instanceof ARRAYS[tensor.type], `data is ${back.data.constructor.name}`);
      check(back.size === back.data.length, `size ${back.size} for ${back.data.length} elements`);
      if (tensor.type === 'float32') check((back.data as Float32Array).every(Number.isFinite), 'a value is not finite');
      check(result.bytes.length <= tensor.data.byteLength + HEADER, `${result.bytes.length} bytes`);
    }),
    law('the sections of report and inspection add up to the frame', jobs, (job) => {
      const result = attempt(() => codec.encode(cook(job.recipe), job.options));
      if (!result) return;
      const info = codec.inspect(result.bytes);
      const total = (sections: Record<string, number>) => Object.values(sections).reduce((a, b) => a + b, 0);
      check(info.bytes === result.bytes.length, 'inspect counts other bytes');
      check(total(info.sections) === result.bytes.length, `sections ${JSON.stringify(info.sections)}`);
      check(total(result.report.sections) === result.bytes.length, 'the report’s sections do not add up');
      check(info.type === job.recipe.type && info.dims.join() === job.recipe.dims.join(), 'inspect reads another head');
    }),
    law(
      'reused encoders and decoders give the bytes of fresh ones',
      fc.array(jobs, { minLength: 2, maxLength: 4 }),
      (list) => {
        const encoder = new codec.Encoder();
        const decoder = new codec.Decoder();
        for (const job of list) {
          const tensor = cook(job.recipe);
          const fresh = attempt(() => codec.encode(tensor, job.options));
          const target = new Uint8Array(tensor.data.byteLength + 2 * HEADER);
          const length = attempt(() => encoder.encodeInto(tensor, job.options, target));
          check((fresh === undefined) === (length === undefined), 'only one of them failed');
          if (!fresh || length === undefined) continue;
          check(sameBytes(fresh.bytes, target.subarray(0, length)), 'another frame');
          const back = codec.decode(fresh.bytes);
          const room = new Uint8Array(back.data.byteLength);
          decoder.decodeInto(target.subarray(0, length), room);
          check(sameBytes(back.data, room), 'another tensor');
        }
        encoder.free();
        decoder.free();
      },
      0.3,
    ),
    law(
      'NaN and infinity are refused by lossy modes',
      fc.tuple(recipes(true), fc.nat(), fc.boolean()),
      ([recipe, at, nan]) => {
        if (!isFloat(recipe.type)) return;
        const tensor = cook(recipe);
        const data = tensor.data as Float32Array | Uint16Array;
        if (data.length === 0) return;
        const bad = {
          float32: nan ? Number.NaN : -1 / 0,
          float16: nan ? 0x7e01 : 0xfc00,
          bfloat16: nan ? 0x7fc1 : 0xff80,
        };
        data[at % data.length] = bad[recipe.type as keyof typeof bad];
        try {
          codec.encode(tensor, { budget: { nrmse: 0.1 } });
        } catch (error) {
          check(error instanceof SlicerError && error.code === 'non_finite', String(error));
          return;
        }
        check(false, 'it was encoded');
      },
      0.3,
    ),
  ];
}

/** The result, or undefined where the budget cannot be met; every other error is a failure. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof SlicerError && error.code === 'budget_unreachable') return undefined;
    throw error;
  }
}
