/** `reference-decoder`, `reference-encoder` and `reference-container`: the SDK as programs of the specifications' appendices. */
import { readFileSync } from 'node:fs';
import { NeutralError, readNeutral, STATUS, statusOf, writeNeutral } from './neutral.ts';

const STDIN = 0;

/** Arguments of B.2. */
export interface DecoderArguments {
  profile?: string[];
  setup?: string;
  stream?: boolean;
  maxBytes?: number;
}

/** Reads standard input, answers on standard output; returns the exit status. */
export async function referenceDecoder({ profile = [], setup, stream = false, maxBytes }: DecoderArguments) {
  const { decodeJob } = await import('./reference.ts');
  const read = (path: string | number) => new Uint8Array(readFileSync(path));
  try {
    const job = { profiles: profile.map(read), setup: setup && read(setup), stream, maxBytes, input: read(STDIN) };
    const answers = decodeJob({ ...job, setup: job.setup || undefined });
    const parts = answers.map((a) => ('error' in a ? Buffer.from(`error ${a.error}\n`) : writeNeutral(a)));
    await write(Buffer.concat(parts));
    return 0;
  } catch (error) {
    return refuse(error);
  }
}

/** Arguments of B.4. */
export interface EncoderArguments {
  nrmse?: number;
  maxError?: number;
  bytes?: number;
  lossless?: boolean;
}

/** Reads a neutral tensor, writes a frame; returns the exit status. */
export async function referenceEncoder({ nrmse, maxError, bytes, lossless }: EncoderArguments) {
  const { encodeNeutral } = await import('./reference-encoder.ts');
  const asked = [nrmse, maxError, bytes, lossless].filter((x) => x !== undefined).length;
  if (asked !== 1) {
    process.stderr.write('Give one of --nrmse, --max-error, --bytes and --lossless.\n');
    return 2;
  }
  const budget =
    nrmse !== undefined
      ? { nrmse }
      : maxError !== undefined
        ? { maxError }
        : bytes !== undefined
          ? { bytes }
          : undefined;
  try {
    const tensor = readNeutral(new Uint8Array(readFileSync(STDIN)));
    await write(encodeNeutral(tensor, budget ?? { lossless: true }));
    return 0;
  } catch (error) {
    return refuse(error);
  }
}

/** Reads a container from standard input and answers as container.md's appendix A says; returns the exit status. */
export async function referenceContainer({ recover = false }: { recover?: boolean }) {
  const containers = await import('slicer-codec/container');
  const { inWords, recovered, scanned } = await import('./container-answer.ts');
  const bytes = new Uint8Array(readFileSync(STDIN));
  await write(Buffer.from(`${inWords((recover ? recovered : scanned)(containers, bytes))}\n`));
  return 0;
}

function refuse(error: unknown): number {
  const { code = '', message } = error as { code?: string; message: string };
  process.stderr.write(`${code}: ${message}\n`);
  if (error instanceof NeutralError) return 2;
  const own = { budget_unreachable: STATUS.unreachable, non_finite: STATUS.nonFinite } as Record<string, number>;
  // 1 is a defect, which nobody takes for an answer.
  return own[code] ?? statusOf(code) ?? 1;
}

function write(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
