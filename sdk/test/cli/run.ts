/** Runs the real program, as a process of its own. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

/** The built program; `SLICER_BIN` names another build. */
const bin = process.env.SLICER_BIN ?? fileURLToPath(new URL('../../dist/esm/cli/slicer.js', import.meta.url));

export interface Run {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs `slicer` with the arguments, in `cwd`, with `input` on standard input. */
export function slicer(args: readonly string[], options: { cwd?: string; input?: Uint8Array } = {}): Promise<Run> {
  if (!existsSync(bin)) throw new Error(`${bin} is missing: run npm run build first.`);
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: options.cwd, stdio: 'pipe' });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (piece) => out.push(piece));
    child.stderr.on('data', (piece) => err.push(piece));
    child.on('error', failed);
    child.on('close', (code) => done({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }));
    // A program that refuses its arguments does not read its input.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? new Uint8Array(0));
  });
}

/** Runs a command that must fail, with `--json`; gives the exit code and the error it printed. */
export async function failure(
  args: readonly string[],
  options: { cwd?: string; input?: Uint8Array } = {},
): Promise<{ exit: number | null; code: string; offset: number; message: string; advice: string }> {
  const run = await slicer([...args, '--json'], options);
  const lines = run.stderr.trim().split('\n');
  return { exit: run.code, ...JSON.parse(lines[lines.length - 1]).error };
}

/** Runs a command that must succeed, with `--json`; gives its report. */
export async function report(
  args: readonly string[],
  options: { cwd?: string; input?: Uint8Array } = {},
  // biome-ignore lint/suspicious/noExplicitAny: reports are JSON of many shapes, and the tests check the fields.
): Promise<any> {
  const run = await slicer([...args, '--json'], options);
  if (run.code !== 0) throw new Error(`slicer ${args.join(' ')} ended with ${run.code}: ${run.stderr}`);
  return JSON.parse(run.stdout.toString() || run.stderr);
}

/** A folder for the tests of one file; gone afterwards. */
export function workFolder(): { path: (name: string) => string; readonly folder: string } {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'slicer-cli-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    path: (name) => join(folder, name),
    get folder() {
      return folder;
    },
  };
}
