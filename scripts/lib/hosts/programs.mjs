// The programs of conformance/hosts, bundled with the suite but without the package: that comes from the blank project.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root } from '../paths.mjs';
import { files } from '../stamp.mjs';
import { blankProject } from './blank.mjs';

const PROGRAMS = ['script', 'browser', 'workerd'];
let prepared;

/** Prepares the blank project all hosts share: programs, vectors, the installed tarball. Resolves with its folder. */
export function hostProject() {
  prepared ??= prepare();
  return prepared;
}

async function prepare() {
  const folder = await blankProject('hosts');
  const sources = PROGRAMS.map((name) => join(root, 'conformance', 'hosts', `${name}.ts`));
  await bundlePrograms(folder, sources);
  await Promise.all([inOneFile(folder, 'browser', []), inOneFile(folder, 'workerd', ['workerd', 'import'])]);
  writeFileSync(join(folder, 'vectors.json'), JSON.stringify(pack()));
  return folder;
}

/** Bundles programs into a project that has the package installed; the package itself stays outside. */
export async function bundlePrograms(folder, sources) {
  const { build } = await import('esbuild');
  await build({
    entryPoints: sources,
    outdir: folder,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: ['slicer-codec', 'slicer-codec/*', 'node:*'],
    logLevel: 'warning',
  });
}

/** What runs in a page or a worker must be one file: `ENTRY/ENTRY.js`, with the package resolved under the conditions of that host. */
export async function inOneFile(folder, entry, conditions) {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: folder,
    entryPoints: [`${entry}.js`],
    outdir: join(folder, entry),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: conditions.includes('workerd') ? 'neutral' : 'browser',
    mainFields: ['module', 'main'],
    conditions,
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
    logLevel: 'warning',
  });
}

/** conformance/vectors as one value. */
function pack() {
  const base = join(root, 'conformance', 'vectors');
  const path = (file) => relative(base, file).split(sep).join('/');
  const all = files('conformance/vectors').filter((file) => !file.endsWith('.json') && !file.endsWith('.md'));
  const entries = all.map((file) => [path(file), readFileSync(file).toString('base64')]);
  return {
    manifest: JSON.parse(readFileSync(join(base, 'manifest.json'), 'utf8')),
    files: Object.fromEntries(entries),
  };
}
