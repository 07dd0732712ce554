// The native program: built when needed, then asked for one round at a time.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../../scripts/lib/paths.mjs';
import { run } from '../../scripts/lib/run.mjs';

const TARGET = join(root, 'target', 'bench');

/** The program. */
export const PROGRAM = join(TARGET, 'release', `slicer-bench-native${process.platform === 'win32' ? '.exe' : ''}`);

/** Crates of the peers: features of the program, by the same names. */
const PEERS = ['lz4_flex', 'pco', 'constriction'];

/**
 * Compiles the program; cargo does nothing where nothing has changed. A crate that cannot be had costs its own peer only.
 * @returns {Promise<{ name: string, why: string }[]>} the peers that are missing
 */
export async function buildNative() {
  if ((await cargo(PEERS)).code === 0) return [];
  const missing = [];
  for (const name of PEERS) {
    const { code, output } = await cargo([name]);
    const why = /^error.*$/m.exec(output)?.[0] ?? `cargo ended with ${code}`;
    if (code !== 0) missing.push({ name, why });
  }
  const { code, output } = await cargo(PEERS.filter((name) => !missing.some((peer) => peer.name === name)));
  if (code !== 0) throw new Error(`cargo ended with ${code}\n${output}`);
  return missing;
}

function cargo(features) {
  const manifest = join(root, 'bench/native/Cargo.toml');
  const args = ['build', '--release', '--locked', '--quiet', '--manifest-path', manifest, '--target-dir', TARGET];
  return run('cargo', [...args, '--features', features.join(',')], { allowFailure: true });
}

/** Version of a crate in the program's lock file. */
export function crateVersion(name) {
  const lock = readFileSync(join(root, 'bench/native/Cargo.lock'), 'utf8');
  return new RegExp(`name = "${name}"\nversion = "([^"]+)"`).exec(lock)?.[1] ?? 'unknown';
}

/** The running program with its tensors. */
export class Native {
  constructor(files) {
    this.child = spawn(PROGRAM, files, { stdio: ['pipe', 'pipe', 'inherit'] });
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
