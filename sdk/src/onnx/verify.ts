/** Checks that the parts of a model, one after the other, compute what the whole model does. */
import type { Verification } from '../runtime/description.js';
import { openSession, type Runtime, type RuntimeTensor } from '../runtime/ort.js';
import { loadRuntime } from '../runtime/ort-node.js';
import { onnxError } from './errors.js';
import { halfToNumber } from './half.js';
import { firstAccepted, type InputShapes } from './random-input.js';
import { feedsOf, type SuppliedInputs } from './samples.js';

export type { SuppliedInputs, Verification };

/** What a difference may be, in parts of the largest output; for nearly all models it is 0. */
export const TOLERANCE = 1e-4;

/** What a check runs on. */
export interface VerifyOptions {
  /** Sizes for random inputs, where the model leaves them open. */
  inputShapes?: InputShapes;
  /** Inputs to run beside the random ones. */
  inputs?: SuppliedInputs;
}

type Values = Record<string, RuntimeTensor>;

/**
 * Runs the whole model and its parts one after the other on the same inputs, in onnxruntime-node, one thread. Graph
 * optimisation is off: it fuses differently on each side of a cut, and its rounding would hide what is asked here.
 *
 * @param crossing - names of the tensors whose sizes are reported.
 */
export async function verifyParts(
  whole: string | Uint8Array,
  parts: readonly (string | Uint8Array)[],
  crossing: readonly string[],
  options: VerifyOptions = {},
): Promise<Verification> {
  const runtime = await loadRuntime();
  const given: Values[] = [];
  const expected: Values[] = [];
  const session = await openExact(runtime, whole, 'the model');
  try {
    await firstAccepted(runtime, session.inputMetadata, options.inputShapes ?? {}, async (feeds) => {
      expected[0] = await session.run(feeds);
      given[0] = feeds;
    });
    for (const feeds of feedsOf(runtime, session.inputMetadata, options.inputs ?? {}, given[0]!)) {
      expected.push(await session.run(feeds));
      given.push(feeds);
    }
  } finally {
    await session.release();
  }
  // One part is open at a time, which matters for large models.
  const values = given.map((feeds) => ({ ...feeds }));
  for (const [i, part] of parts.entries()) await runPart(runtime, part, `part ${i} of the model`, values);
  let maxDifference = 0;
  let maxOutput = 0;
  for (const [i, outputs] of expected.entries()) {
    for (const [name, want] of Object.entries(outputs)) {
      const got = values[i]![name];
      if (!got) throw onnxError('not_a_cut', `no part gives the output '${name}'`, 'Please report this.');
      const found = compare(want, got, name);
      maxDifference = Math.max(maxDifference, found.difference);
      maxOutput = Math.max(maxOutput, found.largest);
    }
  }
  const sizes = (names: readonly string[]) =>
    Object.fromEntries(names.flatMap((name) => (values[0]![name] ? [[name, [...values[0]![name]!.dims]]] : [])));
  return {
    maxDifference,
    maxOutput,
    runs: { random: 1, supplied: given.length - 1 },
    inputs: sizes(Object.keys(given[0]!)),
    dims: sizes(crossing),
    ok: maxDifference <= TOLERANCE * maxOutput,
  };
}

const openExact = (runtime: Runtime, model: string | Uint8Array, label: string) =>
  openSession(runtime, model, label, { graphOptimizationLevel: 'disabled' });

/** Runs a part on every set of values and adds what it computes to them. */
async function runPart(runtime: Runtime, model: string | Uint8Array, label: string, sets: Values[]): Promise<void> {
  const session = await openExact(runtime, model, label);
  try {
    const names = session.inputMetadata.map((input) => input.name);
    for (const values of sets) {
      Object.assign(values, await session.run(Object.fromEntries(names.map((name) => [name, values[name]!]))));
    }
  } finally {
    await session.release();
  }
}

function compare(want: RuntimeTensor, got: RuntimeTensor, name: string): { difference: number; largest: number } {
  if (want.type !== got.type || want.dims.join() !== got.dims.join()) {
    throw onnxError(
      'not_a_cut',
      `the output '${name}' is ${want.type}[${want.dims}] in the whole model and ${got.type}[${got.dims}] behind the cut`,
      'Cut elsewhere, and please report this.',
    );
  }
  // Halves come as bit patterns, or as numbers where the language has an array type for them.
  const read = want.type === 'float16' && want.data instanceof Uint16Array ? halfToNumber : Number;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < want.data.length; i++) {
    const a = want.data[i]!;
    const b = got.data[i]!;
    if (a === b) {
      if (typeof a !== 'string') largest = Math.max(largest, Math.abs(read(a as number)));
      continue;
    }
    const x = read(a as number);
    const y = read(b as number);
    if (Number.isNaN(x) && Number.isNaN(y)) continue;
    largest = Math.max(largest, Math.abs(x) || 0);
    difference = Math.max(difference, Number.isNaN(x - y) ? Number.POSITIVE_INFINITY : Math.abs(x - y));
  }
  return { difference, largest };
}
