// Formatting, lints and types; each check is one stage of `npm test`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cache, npmTool, root } from './paths.mjs';
import { run } from './run.mjs';

const PROJECTS = ['sdk', 'sdk/test', 'conformance', 'fuzz', 'bench', 'examples'];

/** The benches in Rust: workspaces of their own, which no command for the workspace sees. What each is compiled for and with. */
const BENCHES = [
  ['native', ['--all-targets', '--all-features']],
  ['kernel', ['--all-targets']],
  ['kernel', ['--lib', '--target', 'wasm32-unknown-unknown']],
];

/** Name and action of each check; an action rejects when the check fails. */
export const checks = [
  ['rustfmt', rustfmt],
  ['clippy', clippy],
  ['benches', benches],
  ['biome', (write) => run(npmTool('biome'), ['check', ...(write ? ['--write'] : []), '--error-on-warnings', '.'])],
  ['tsc', types],
];

async function rustfmt(write) {
  const manifests = new Set(BENCHES.map(([name]) => manifest(name)));
  for (const which of [['--all'], ...[...manifests].map((path) => ['--manifest-path', path])]) {
    await run('cargo', ['fmt', ...which, ...(write ? [] : ['--check'])]);
  }
}

/** One target folder for all of them: their peers take most of a minute to compile, once. */
async function benches() {
  for (const [name, options] of BENCHES) {
    const where = ['--manifest-path', manifest(name), '--target-dir', join(cache, 'bench-check')];
    await run('cargo', ['clippy', '--locked', '--quiet', ...where, ...options, '--', '-D', 'warnings']);
  }
}

function manifest(bench) {
  return join(root, 'bench', bench, 'Cargo.toml');
}

/** As the machine at hand builds it, and with threads. */
async function clippy() {
  for (const what of [['--workspace'], ['-p', 'slicer-codec', '--features', 'threads']]) {
    await run('cargo', ['clippy', ...what, '--all-targets', '--quiet', '--', '-D', 'warnings']);
  }
}

async function types() {
  const projects = PROJECTS.filter((p) => existsSync(join(root, p, 'tsconfig.json')));
  const results = [];
  for (const project of projects) {
    results.push(await run(npmTool('tsc'), ['-p', project, '--noEmit'], { allowFailure: true }));
  }
  const bad = results.filter((r) => r.code !== 0);
  if (bad.length > 0) throw new Error(bad.map((r) => r.output).join('\n'));
}
