/** Judging a reader of containers by a vector (container.md, appendix A). */
import { readFileSync } from 'node:fs';
import { type Finding, inWords } from './container-answer.ts';
import type { ContainerVector, Manifest } from './manifest.ts';
import { STATUS } from './neutral.ts';
import { type Ended, type Limits, runProgram } from './process.ts';
import type { Verdict } from './verdict.ts';

/** One thing that is asked about a file: what lies in it, or what can be recovered of it. */
export interface ContainerCase {
  vector: ContainerVector;
  recover: boolean;
}

/** Both questions about every file. */
export function containerCases({ containers }: Manifest): ContainerCase[] {
  return containers.flatMap((vector) => [
    { vector, recover: false },
    { vector, recover: true },
  ]);
}

/** Asks a program, started anew. */
export async function judgeContainer(
  command: readonly string[],
  limits: Limits,
  { folder }: Manifest,
  { vector, recover }: ContainerCase,
): Promise<Verdict> {
  const input = new Uint8Array(readFileSync(folder + vector.file));
  const ended = await runProgram([...command, ...(recover ? ['--recover'] : [])], input, limits);
  const { about, sections } = vector;
  const id = recover ? `${vector.id}-recovered` : vector.id;
  const verdict = { id, about, sections, time: ended.time, stderr: ended.stderr || undefined };
  if (ended.status === STATUS.notOffered) {
    return { ...verdict, outcome: 'skipped', message: 'the program does not offer this (status 9)' };
  }
  const message = faultOf(ended, recover ? vector.recover : vector.scan);
  return { ...verdict, outcome: message === undefined ? 'passed' : 'failed', message };
}

/** What is wrong with an answer; undefined where nothing is. */
function faultOf({ status, failure, stdout }: Ended, wanted: Finding): string | undefined {
  if (failure !== undefined || status === undefined) return failure ?? 'no exit status';
  if (status !== 0) return `exit status ${status} instead of an answer`;
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(stdout).toString('utf8'));
  } catch {
    return `the answer is no JSON: ${JSON.stringify(Buffer.from(stdout.subarray(0, 60)).toString('utf8'))}`;
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return 'the answer is no object';
  const [got, right] = [inWords(answer as Finding), inWords(wanted)];
  return got === right ? undefined : `answered ${short(got)}, must be ${short(right)}`;
}

function short(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
