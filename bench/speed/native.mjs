// The native program: built when needed, then asked for one round at a time.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TARGET = join(root, 'target', 'bench');

/** Compiles the program; cargo does nothing where nothing has changed. */
export async function buildNative() {
  const manifest = join(root, 'bench/native/Cargo.toml');
  const args = ['build', '--release', '--locked', '--quiet', '--manifest-path', manifest, '--target-dir', TARGET];
  const child = spawn('cargo', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
  if (code !== 0) throw new Error(`cargo ended with ${code}`);
}

/** The running program with its tensors. */
export class Native {
  constructor(files) {
    const program = join(TARGET, 'release', `slicer-bench-native${process.platform === 'win32' ? '.exe' : ''}`);
    this.child = spawn(program, files, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async #line() {
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the native program ended');
    return JSON.parse(value);
  }

  /** Versions. */
  about() {
    return this.#line();
  }

  /** `round` or `memory` resolve with rows, `token` with times. */
  ask(what) {
    this.child.stdin.write(`${what}\n`);
    return this.#line();
  }

  end() {
    this.child.stdin.end();
  }
}
