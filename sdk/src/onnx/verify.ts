/** Checks that head and tail, one after the other, compute what the whole model does. */
import { onnxError } from './errors.js';
import { firstAccepted, type InputShapes } from './random-input.js';
import { loadRuntime, openSession, type RuntimeTensor } from './runtime.js';

/** The outcome of a check. */
export interface Verification {
  /** Largest absolute difference over all outputs. */
  readonly maxDifference: number;
  /** Largest absolute value of the whole model's outputs. */
  readonly maxOutput: number;
  /** Sizes of the inputs that were used. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Sizes of the tensor that crossed the cut. */
  readonly dims: readonly number[];
  readonly ok: boolean;
}

/** What a difference may be, in parts of the largest output; for nearly all models it is 0. */
export const TOLERANCE = 1e-4;

/**
 * Runs the whole model and head → tail on the same random input, in onnxruntime-node, one thread. Graph optimisation is
 * off: it fuses differently on each side of a cut, and its rounding would hide what is asked here.
 */
export async function verifyCut(
  paths: { whole: string | Uint8Array; head: string | Uint8Array; tail: string | Uint8Array },
  tensor: string,
  inputShapes: InputShapes = {},
): Promise<Verification> {
  const runtime = await loadRuntime();
  const open = async (side: keyof typeof paths, label: string) =>
    openSession(runtime, paths[side], label, { graphOptimizationLevel: 'disabled' });
  const whole = await open('whole', 'the model');
  try {
    // Two of three are held at a time, which matters for large models.
    const { feeds, expected } = await firstAccepted(runtime, whole, inputShapes, async (given) => ({
      feeds: given,
      expected: await whole.run(given),
    }));
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, [...value.dims]]));
    const middle = await runPart(await open('head', 'the head'), feeds);
    const crossing = middle[tensor]!;
    const outputs = { ...middle, ...(await runPart(await open('tail', 'the tail'), { ...feeds, [tensor]: crossing })) };
    let maxDifference = 0;
    let maxOutput = 0;
    for (const [name, want] of Object.entries(expected)) {
      const got = outputs[name];
      if (!got) throw onnxError('not_a_cut', `neither head nor tail gives the output '${name}'`, 'Please report this.');
      const found = compare(want, got, name);
      maxDifference = Math.max(maxDifference, found.difference);
      maxOutput = Math.max(maxOutput, found.largest);
    }
    const ok = maxDifference <= TOLERANCE * maxOutput;
    return { maxDifference, maxOutput, inputs, dims: [...crossing.dims], ok };
  } finally {
    await whole.release();
  }
}

async function runPart(
  session: Awaited<ReturnType<typeof openSession>>,
  available: Record<string, RuntimeTensor>,
): Promise<Record<string, RuntimeTensor>> {
  try {
    const names = session.inputMetadata.map((input) => input.name);
    return await session.run(Object.fromEntries(names.map((name) => [name, available[name]!])));
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

/** The value of half-precision bits, which the runtime hands over as integers. */
function halfToNumber(bits: number | bigint): number {
  const value = Number(bits);
  const exponent = (value >> 10) & 31;
  const fraction = value & 1023;
  const sign = value & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
