// Running programs: shown, or captured and shown only when they fail.
import { spawn } from 'node:child_process';
import { root } from './paths.mjs';

/** A program that ended badly; `output` holds what it printed when that was captured. */
export class CommandError extends Error {
  constructor(command, code, output) {
    super(`${command} ended with ${code}`);
    this.code = code;
    this.output = output;
  }
}

/**
 * Runs a program in the repository root and resolves with its output.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: object, cwd?: string, show?: boolean, allowFailure?: boolean }} [options]
 *   `show` passes the output on while it is captured.
 */
export function run(command, args, options = {}) {
  const { env = process.env, cwd = root, show = false, allowFailure = false } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let output = '';
    for (const [stream, target] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output += text;
        if (show) target.write(text);
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const status = code ?? signal;
      if (status === 0 || allowFailure) resolve({ code: status, output });
      else {
        if (!show) process.stderr.write(output);
        reject(new CommandError([command, ...args].join(' '), status, output));
      }
    });
  });
}

/** Seconds with one decimal, for messages. */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Says what is about to happen. */
export function say(text) {
  console.log(`• ${text}`);
}

/** Whether this module was started from the command line (and not imported). */
export function isMain(meta) {
  const started = process.argv[1];
  return started !== undefined && new URL(`file://${started}`).pathname === new URL(meta.url).pathname;
}

/** Ends the process with a short message when a launcher fails. */
export async function main(action) {
  try {
    await action();
  } catch (error) {
    console.error(error instanceof CommandError ? `failed: ${error.message}` : error);
    process.exitCode = 1;
  }
}
