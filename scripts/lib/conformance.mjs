// The conformance package: its runner as plain JavaScript, so that it starts from a tarball on any Node.
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { say, seconds } from './run.mjs';
import { files, hash, isFresh, note } from './stamp.mjs';

const folder = join(root, 'conformance');
const dist = join(folder, 'dist');

/** Builds conformance/dist when the runner has changed; resolves with whether it did. */
export async function buildConformance() {
  const value = hash(files('conformance/runner', 'scripts/lib/conformance.mjs'));
  if (isFresh('conformance', value, [join(dist, 'slicer-conformance.js')])) return false;
  const start = Date.now();
  const { build } = await import('esbuild');
  rmSync(dist, { recursive: true, force: true });
  await build({
    entryPoints: [join(folder, 'runner', 'slicer-conformance.ts')],
    outdir: dist,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    chunkNames: '[name]-[hash]',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
  });
  for (const name of ['LICENSE-MIT', 'LICENSE-APACHE']) copyFileSync(join(root, name), join(folder, name));
  note('conformance', value);
  say(`conformance/dist in ${seconds(Date.now() - start)}`);
  return true;
}
