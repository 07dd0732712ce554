/** Judging a decoder program by one vector (appendix B.2, B.3). */
import { readFileSync } from 'node:fs';
import { compareTensor, type DecoderClass, type Reference, type Tolerance } from './compare.ts';
import { type Manifest, TIERS, type Tier, type Vector, type Wanted } from './manifest.ts';
import {
  type Command,
  classOf,
  type Neutral,
  NeutralError,
  readAnswer,
  readNeutral,
  STATUS,
  writeScript,
} from './neutral.ts';
import { type Ended, type Limits, runProgram } from './process.ts';
import { usedBy } from './suspects.ts';
import type { Verdict } from './verdict.ts';

/** How a decoder is judged. */
export interface DecoderRules {
  kind: DecoderClass;
  /** The highest tier it claims; streams of higher ones may be refused. */
  tier: Tier;
}

/** Puts a vector to a decoder and says how that ended, as a program of B.2 would. */
export type DecoderHost = (manifest: Manifest, vector: Vector) => Promise<Ended>;

/** A program, started anew for every vector. */
export function programHost(command: readonly string[], limits: Limits): DecoderHost {
  return (manifest, vector) =>
    runProgram([...command, ...argumentsOf(manifest, vector)], inputOf(manifest, vector), limits);
}

/** What came out of a program for one body. */
type Answer = Neutral | { error: string };

/** Runs one vector. */
export async function judgeDecoder(
  host: DecoderHost,
  rules: DecoderRules,
  manifest: Manifest,
  vector: Vector,
): Promise<Verdict> {
  const ended = await host(manifest, vector);
  const { id, about, sections, flags } = vector;
  const verdict = { id, about, sections, uses: usedBy(flags), time: ended.time, stderr: ended.stderr || undefined };
  if (ended.status === STATUS.notOffered) {
    return { ...verdict, outcome: 'skipped', message: 'the program does not offer this (status 9)' };
  }
  const message = await faultOf(rules, manifest, vector, ended);
  return { ...verdict, outcome: message === undefined ? 'passed' : 'failed', message };
}

/** B.2: what follows the program's own arguments. */
export function argumentsOf({ folder }: Manifest, { profiles = [], files, steps, limits }: Vector): string[] {
  return [
    ...profiles.flatMap((p) => ['--profile', folder + p]),
    ...(files.setup ? ['--setup', folder + files.setup] : []),
    ...(steps ? ['--stream'] : []),
    ...(limits ? ['--max-bytes', String(limits.maxBytes)] : []),
  ];
}

/** B.2, B.3: what the program reads. */
export function inputOf({ folder }: Manifest, { files, steps }: Vector): Uint8Array {
  const read = (path: string) => new Uint8Array(readFileSync(folder + path));
  if (!steps) return files.frame || files.body ? read((files.frame ?? files.body)!) : new Uint8Array();
  const commands: Command[] = [];
  for (const step of steps) {
    if ('body' in step) commands.push({ body: read(step.body) });
    else if (!('skip' in step)) commands.push(step);
  }
  return writeScript(commands);
}

/** What is wrong with how the program ended; undefined where nothing is. */
async function faultOf(rules: DecoderRules, manifest: Manifest, vector: Vector, ended: Ended) {
  const { status, failure, stdout } = ended;
  if (failure !== undefined || status === undefined) return failure ?? 'no exit status';
  const beyond = TIERS.indexOf(vector.tier) > TIERS.indexOf(rules.tier);
  const wanted = vector.steps?.flatMap((s) => ('body' in s ? [s.expect] : [])) ?? [vector.expect!];
  if (status !== 0) {
    const error = classOf(status);
    if (error === undefined) return `exit status ${status}, which no error class has`;
    if (stdout.length > 0) return `refused with ${error}, and wrote ${stdout.length} bytes of output all the same`;
    if (beyond && (error === 'unsupported_feature' || error === 'unknown_profile')) return undefined;
    return vector.steps ? `refused a sound setup with ${error}` : compareError(error, wanted[0]);
  }
  try {
    const answers: Answer[] = vector.steps ? readAnswers(stdout, wanted.length) : [readNeutral(stdout)];
    for (const [i, answer] of answers.entries()) {
      const reference = () => elementsOf(manifest, vector, i);
      const tolerance = {
        kind: vector.reconstruction === 'exact' ? 'exact' : rules.kind,
        magnitudes: vector.magnitudes?.[i],
      };
      const fault = await faultOfAnswer(answer, wanted[i], tolerance, reference);
      if (fault !== undefined) return vector.steps ? `body ${i}: ${fault}` : fault;
    }
    return undefined;
  } catch (error) {
    if (error instanceof NeutralError) return `status 0, but ${error.message}`;
    throw error;
  }
}

function readAnswers(stdout: Uint8Array, count: number): Answer[] {
  const out: Answer[] = [];
  let at = 0;
  while (at < stdout.length) {
    const { answer, next } = readAnswer(stdout, at);
    out.push(answer);
    at = next;
  }
  if (out.length !== count) throw new NeutralError(`${out.length} answers to ${count} bodies`);
  return out;
}

async function faultOfAnswer(answer: Answer, wanted: Wanted, tolerance: Tolerance, reference: Reference) {
  if ('error' in answer) return compareError(answer.error, wanted);
  if ('error' in wanted) return `returned a tensor, must refuse with ${wanted.error} (${wanted.field})`;
  return compareTensor(answer, wanted, tolerance, reference);
}

function compareError(error: string, wanted: Wanted): string | undefined {
  if (!('error' in wanted)) return `refused with ${error}, must return a tensor`;
  const right: string[] = [wanted.error, ...(wanted.or ?? [])];
  return right.includes(error) ? undefined : `refused with ${error}, must be ${right.join(' or ')} (${wanted.field})`;
}

/** The elements that must come out, from the reference decoder. */
async function elementsOf(manifest: Manifest, vector: Vector, body: number): Promise<Uint8Array> {
  const { decodeVector } = await import('./reference.ts');
  const answer = decodeVector(manifest, vector)[body];
  if ('error' in answer) throw new Error(`the reference decoder refuses ${vector.id} with ${answer.error}`);
  return answer.bytes;
}
