/** Running a program: bytes in, bytes out, with a limit on its time and memory. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a program may take. */
export interface Limits {
  /** Seconds, from start to end. */
  seconds: number;
  /** Bytes of resident memory, watched on Linux only. */
  memory: number;
}

/** How a program ended. */
export interface Ended {
  /** Exit status; undefined where it did not come to one. */
  status?: number;
  stdout: Uint8Array;
  /** The last of what it wrote for people. */
  stderr: string;
  /** Why there is no status: a signal, or a limit. */
  failure?: string;
  /** Milliseconds. */
  time: number;
}

/** A program that could not be started at all. */
export class StartError extends Error {}

/** Most bytes of output that are kept; no vector's answer comes near. */
const OUTPUT = 1 << 29;
const STDERR = 2000;
const WATCH = 20;

/** Runs a program with `input` on standard input. Rejects with StartError if it cannot be started. */
export function runProgram(command: readonly string[], input: Uint8Array, limits: Limits): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command[0], command.slice(1), { stdio: 'pipe' });
    const out: Buffer[] = [];
    let [length, stderr, failure] = [0, '', undefined as string | undefined];
    const stop = (why: string) => {
      failure ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop(`more than ${limits.seconds} s`), limits.seconds * 1000);
    const watch = setInterval(() => {
      if (resident(child.pid) > limits.memory) stop(`more than ${Math.round(limits.memory / 2 ** 20)} MiB of memory`);
    }, WATCH);
    child.stdout.on('data', (part: Buffer) => {
      length += part.length;
      if (length > OUTPUT) stop('more output than any answer');
      else out.push(part);
    });
    child.stderr.on('data', (part: Buffer) => {
      stderr = (stderr + part.toString('utf8')).slice(-STDERR);
    });
    // A program may answer before it has read everything.
    child.stdin.on('error', () => {});
    child.on('error', (error) => {
      clearTimeout(timer);
      clearInterval(watch);
      reject(new StartError(`${command[0]}: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearInterval(watch);
      if (signal) failure ??= `ended by ${signal}`;
      const status = failure === undefined ? (code ?? undefined) : undefined;
      resolve({ status, stdout: Buffer.concat(out), stderr, failure, time: performance.now() - start });
    });
    child.stdin.end(input);
  });
}

/** Highest resident memory of a process so far, in bytes; 0 where the system does not say. */
function resident(pid: number | undefined): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
