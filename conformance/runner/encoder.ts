/** Judging an encoder program by one case (appendix B.4); the reference decoder reads what it writes. */
import type { Asked, EncoderCase } from './encoder-cases.ts';
import { type Neutral, STATUS, writeNeutral } from './neutral.ts';
import { type Limits, runProgram } from './process.ts';
import { toDoubles } from './values.ts';
import type { Verdict } from './verdict.ts';

/** How an encoder is judged. */
export interface EncoderRules {
  command: readonly string[];
  limits: Limits;
}

/** What is wrong, and the section that says so. */
interface Fault {
  message: string;
  section: string;
}

/** Where a decoder finds an error of this class, if an encoder made it. */
const SECTION_OF: Readonly<Record<string, string>> = {
  truncated: '5.2',
  corrupt: '12',
  bad_magic: '3.1',
  unsupported_version: '3.1',
  unsupported_feature: '4',
  unknown_profile: '4.3',
  profile_mismatch: '4.3',
  checksum_mismatch: '13',
  bad_dims: '4.1',
  bad_bins: '7',
  bad_table: '8',
  trailing_bytes: '3.1',
};

/** Runs one case, twice. */
export async function judgeEncoder({ command, limits }: EncoderRules, c: EncoderCase): Promise<Verdict> {
  const tensor = c.tensor();
  const call = () => runProgram([...command, ...argumentsOf(c.asked)], writeNeutral(tensor), limits);
  const first = await call();
  const verdict = { id: c.id, about: c.about, sections: ['B.4'], time: first.time, stderr: first.stderr || undefined };
  const failed = ({ message, section }: Fault): Verdict => ({
    ...verdict,
    outcome: 'failed',
    message,
    sections: [section],
  });
  const { status, failure } = first;
  if (status === STATUS.notOffered) {
    return { ...verdict, outcome: 'skipped', message: 'the program does not offer this (status 9)' };
  }
  if (failure !== undefined || status === undefined) return failed(budget(failure ?? 'no exit status'));
  if (status !== 0) {
    const right = c.may === 'cap' ? STATUS.unreachable : c.may === 'non-finite' ? STATUS.nonFinite : undefined;
    if (status === right) return { ...verdict, outcome: 'passed' };
    const why = status === STATUS.unreachable ? ', though a raw body always is possible' : '';
    return failed(budget(`exit status ${status}${why}`));
  }
  const fault = await faultOf(first.stdout, tensor, c);
  if (fault) return failed(fault);
  const second = await call();
  if (second.status !== 0 || Buffer.compare(first.stdout, second.stdout) !== 0) {
    return failed(budget('the same call gave other bytes the second time'));
  }
  return { ...verdict, outcome: 'passed' };
}

/** B.4: what follows the program's own arguments. */
export function argumentsOf(asked: Asked): string[] {
  if ('nrmse' in asked) return ['--nrmse', String(asked.nrmse)];
  if ('maxError' in asked) return ['--max-error', String(asked.maxError)];
  return 'bytes' in asked ? ['--bytes', String(asked.bytes)] : ['--lossless'];
}

function budget(message: string): Fault {
  return { message, section: 'B.4' };
}

async function faultOf(frame: Uint8Array, before: Neutral, { asked, may }: EncoderCase): Promise<Fault | undefined> {
  if ('bytes' in asked && frame.length > asked.bytes) {
    return budget(`a frame of ${frame.length} bytes, where at most ${asked.bytes} are allowed`);
  }
  const { decodeFrame, SlicerError } = await import('./reference.ts');
  let after: Neutral;
  try {
    after = decodeFrame(frame);
  } catch (error) {
    if (!(error instanceof SlicerError)) throw error;
    return {
      message: `the frame is refused: ${error.code}: ${error.message}`,
      section: SECTION_OF[error.code] ?? '14.1',
    };
  }
  const shape = ({ type, dims }: Neutral) => `${type} [${dims.join(', ')}]`;
  if (shape(after) !== shape(before)) {
    return { message: `the frame is of ${shape(after)}, the tensor was ${shape(before)}`, section: '4.1' };
  }
  if ('lossless' in asked || may === 'non-finite') {
    const at = before.bytes.findIndex((byte, i) => byte !== after.bytes[i]);
    return at < 0 ? undefined : { message: `byte ${at} of the elements is another one after decoding`, section: '11' };
  }
  const { worst, nrmse } = errorsOf(toDoubles(before.type, before.bytes), toDoubles(after.type, after.bytes));
  if ('maxError' in asked && !(worst <= asked.maxError)) {
    return budget(`an error of ${worst}, where at most ${asked.maxError} is allowed`);
  }
  if ('nrmse' in asked && !(nrmse <= asked.nrmse)) {
    return budget(`an NRMSE of ${nrmse}, where at most ${asked.nrmse} is allowed`);
  }
  return undefined;
}

function errorsOf(before: Float64Array, after: Float64Array): { worst: number; nrmse: number } {
  let [worst, error, energy] = [0, 0, 0];
  before.forEach((x, i) => {
    const e = x - after[i];
    // Math.max keeps a NaN, which no limit allows.
    worst = Math.max(worst, Math.abs(e));
    error += e * e;
    energy += x * x;
  });
  return { worst, nrmse: error === 0 ? 0 : Math.sqrt(error / energy) };
}
