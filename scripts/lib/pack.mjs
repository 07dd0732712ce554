// The npm packages as they would be published.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { run } from './run.mjs';

const packed = new Map();

/** The workspaces that are published: those that are not private. */
export function publishable() {
  return manifest('.').workspaces.filter((folder) => !manifest(folder).private);
}

/** The package.json of a workspace. */
export function manifest(workspace) {
  return JSON.parse(readFileSync(join(root, workspace, 'package.json'), 'utf8'));
}

/** A new folder outside the repository that is gone when the process ends. */
export function temporary(name) {
  const folder = mkdtempSync(join(tmpdir(), `slicer-${name}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** Packs a workspace, once per process; resolves with the path of the tarball. */
export function tarball(workspace) {
  if (!packed.has(workspace)) packed.set(workspace, pack(workspace));
  return packed.get(workspace);
}

async function pack(workspace) {
  const folder = temporary('pack');
  // Output of npm: the warnings of its settings may come first.
  const { output } = await run('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: join(root, workspace),
  });
  return join(folder, output.trim().split('\n').at(-1).trim());
}
