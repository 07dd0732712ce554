// The npm tarballs as other people's tools see them: publint (the manifest against the files) and are-the-types-wrong (every
// entry point under every way TypeScript resolves modules).
import { join } from 'node:path';
import { manifest, publishable, tarball } from '../pack.mjs';
import { root } from '../paths.mjs';
import { run } from '../run.mjs';

/** Files to fetch or to embed, not modules: a type checker has nothing to find behind them. */
const ASSETS = ['scalar.wasm', 'simd.wasm', 'decode-scalar.wasm', 'decode-simd.wasm'];

/** One check per package and tool; a package that declares no types, such as a program, has none to be wrong. */
export function tarballChecks(tools) {
  const bin = (name) => join(tools, 'node_modules', '.bin', name);
  return publishable().flatMap((workspace) => [
    [
      `publint ${workspace}`,
      async () => void (await run(bin('publint'), ['run', await tarball(workspace), '--strict'])),
    ],
    [`files ${workspace}`, () => strays(workspace)],
    ...(manifest(workspace).types ? [[`types ${workspace}`, () => typesOf(workspace, bin('attw'))]] : []),
  ]);
}

async function typesOf(workspace, attw) {
  await run(attw, [await tarball(workspace), '--exclude-entrypoints', ...ASSETS]);
}

/** Only what a user needs is in a tarball: built files, vectors, manifests, licences and a README. */
async function strays(workspace) {
  const { output } = await run('tar', ['-tzf', await tarball(workspace)], { cwd: root });
  const names = output
    .trim()
    .split('\n')
    .map((line) => line.replace(/^package\//, ''));
  const wanted = /^(dist|vectors)\/|^(package|manifest\.schema)\.json$|^README\.md$|^LICENSE-(MIT|APACHE)$/;
  const unwanted = names.filter((name) => !wanted.test(name));
  const wasm = names.some((name) => name.endsWith('.wasm')) ? ['dist/wasm/THIRD-PARTY.txt'] : [];
  const needed = ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE', ...wasm];
  const missing = needed.filter((name) => !names.includes(name));
  if (unwanted.length > 0) throw new Error(`these do not belong into the package: ${unwanted.join(', ')}`);
  if (missing.length > 0) throw new Error(`these are missing: ${missing.join(', ')}`);
}
