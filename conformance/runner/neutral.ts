/** What programs say to each other: appendix B of the specification. */

/** Element types and their sizes in bytes. */
export const SIZES = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  uint8: 1,
  int16: 2,
  int32: 4,
} as const;

/** Name of an element type. */
export type Type = keyof typeof SIZES;

/** B.1: a tensor's type, dims, and its elements, little-endian, row-major. */
export interface Neutral {
  type: Type;
  dims: number[];
  bytes: Uint8Array;
}

/** § 14.1: the error classes, in the order of their exit statuses (B.2). */
export const CLASSES = [
  'truncated',
  'corrupt',
  'bad_magic',
  'unsupported_version',
  'unsupported_feature',
  'unknown_profile',
  'profile_mismatch',
  'checksum_mismatch',
  'limit_exceeded',
  'bad_dims',
  'bad_bins',
  'bad_table',
  'trailing_bytes',
] as const;

/** Name of an error class. */
export type ErrorClass = (typeof CLASSES)[number];

/** Exit statuses of B.2 and B.4 that name no error class. */
export const STATUS = { notOffered: 9, firstClass: 10, unreachable: 30, nonFinite: 31 } as const;

/** The exit status of an error class; undefined for other names. */
export function statusOf(code: string): number | undefined {
  const at = (CLASSES as readonly string[]).indexOf(code);
  return at < 0 ? undefined : STATUS.firstClass + at;
}

/** The error class of an exit status; undefined for other statuses. */
export function classOf(status: number): ErrorClass | undefined {
  return CLASSES[status - STATUS.firstClass];
}

/** What is wrong with something a program wrote. */
export class NeutralError extends Error {}

const LINE = /^tensor (float32|float16|bfloat16|int8|uint8|int16|int32)((?: (?:0|[1-9][0-9]{0,9})){0,8})$/;
const LONGEST_LINE = 128;

/** B.1: the bytes of a neutral tensor. */
export function writeNeutral({ type, dims, bytes }: Neutral): Uint8Array {
  const line = new TextEncoder().encode(`${['tensor', type, ...dims].join(' ')}\n`);
  const out = new Uint8Array(line.length + bytes.length);
  out.set(line);
  out.set(bytes, line.length);
  return out;
}

/** A line of ASCII from `at`, and where the next thing begins. Throws NeutralError where there is none. */
function readLine(bytes: Uint8Array, at: number): { line: string; next: number } {
  const end = bytes.subarray(at, at + LONGEST_LINE).indexOf(10);
  if (end < 0) throw new NeutralError(at === bytes.length ? 'the output ends too early' : 'no line where one must be');
  return { line: String.fromCharCode(...bytes.subarray(at, at + end)), next: at + end + 1 };
}

/** An answer to one body, or a whole output: a tensor or an error class, and where it ends. Throws NeutralError. */
export function readAnswer(bytes: Uint8Array, at = 0): { answer: Neutral | { error: string }; next: number } {
  const { line, next } = readLine(bytes, at);
  if (line.startsWith('error ')) return { answer: { error: line.slice(6) }, next };
  const match = LINE.exec(line);
  if (!match) throw new NeutralError(`not a line of appendix B: ${JSON.stringify(line)}`);
  const type = match[1] as Type;
  const dims = match[2].split(' ').slice(1).map(Number);
  const length = dims.reduce((a, b) => a * b, SIZES[type]);
  if (next + length > bytes.length)
    throw new NeutralError(`${bytes.length - next} bytes of elements, where the dims ask for ${length}`);
  return { answer: { type, dims, bytes: bytes.subarray(next, next + length) }, next: next + length };
}

/** B.1: a tensor and nothing behind it. Throws NeutralError. */
export function readNeutral(bytes: Uint8Array): Neutral {
  const { answer, next } = readAnswer(bytes);
  if ('error' in answer) throw new NeutralError('an error line, which only answers to scripts have');
  if (next !== bytes.length) throw new NeutralError(`${bytes.length - next} bytes after the tensor`);
  return answer;
}

/** B.3: one step of a script. */
export type Command = { body: Uint8Array } | { snapshot: string } | { restore: string } | { reset: true };

/** B.3: a script. */
export function writeScript(commands: readonly Command[]): Uint8Array {
  const text = new TextEncoder();
  const parts = commands.flatMap((c) => {
    if ('body' in c) return [text.encode(`body ${c.body.length}\n`), c.body];
    if ('snapshot' in c) return [text.encode(`snapshot ${c.snapshot}\n`)];
    return [text.encode('restore' in c ? `restore ${c.restore}\n` : 'reset\n')];
  });
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** B.3: the steps of a script. Throws NeutralError. */
export function readScript(bytes: Uint8Array): Command[] {
  const out: Command[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { line, next } = readLine(bytes, at);
    const [word, rest] = line.split(' ');
    at = next;
    if (word === 'body') {
      at += Number(rest);
      if (!(at <= bytes.length)) throw new NeutralError('a script that ends inside a body');
      out.push({ body: bytes.subarray(next, at) });
    } else if (word === 'snapshot') out.push({ snapshot: rest });
    else if (word === 'restore') out.push({ restore: rest });
    else if (word === 'reset') out.push({ reset: true });
    else throw new NeutralError(`not a line of a script: ${JSON.stringify(line)}`);
  }
  return out;
}
