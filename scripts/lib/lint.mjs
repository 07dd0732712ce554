// Formatting, lints and types; each check is one stage of `npm test`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { npmTool, root } from './paths.mjs';
import { run } from './run.mjs';

const PROJECTS = ['sdk', 'sdk/test', 'conformance', 'fuzz', 'bench', 'examples'];

/** Name and action of each check; an action rejects when the check fails. */
export const checks = [
  ['rustfmt', (write) => run('cargo', ['fmt', '--all', ...(write ? [] : ['--check'])])],
  ['clippy', () => run('cargo', ['clippy', '--workspace', '--all-targets', '--quiet', '--', '-D', 'warnings'])],
  ['biome', (write) => run(npmTool('biome'), ['check', ...(write ? ['--write'] : []), '--error-on-warnings', '.'])],
  ['tsc', types],
];

async function types() {
  const projects = PROJECTS.filter((p) => existsSync(join(root, p, 'tsconfig.json')));
  const results = [];
  for (const project of projects) {
    results.push(await run(npmTool('tsc'), ['-p', project, '--noEmit'], { allowFailure: true }));
  }
  const bad = results.filter((r) => r.code !== 0);
  if (bad.length > 0) throw new Error(bad.map((r) => r.output).join('\n'));
}
