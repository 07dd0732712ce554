// Reference pages from doc comments, typedoc for the SDK and rustdoc for the crates: made without a warning, everything public documented.
import { join } from 'node:path';
import { root } from '../paths.mjs';
import { run } from '../run.mjs';

/** Where rustdoc puts its pages. */
const rustPages = join(root, 'out', 'docs', 'rust');

/** One check per language. */
export function docsChecks(tools) {
  return [
    ['typedoc', () => typedoc(tools, ['--emit', 'none'])],
    ['rustdoc', () => rustdoc([])],
  ];
}

/** Writes all pages to out/docs. */
export async function writeDocs(tools) {
  await typedoc(tools, []);
  await rustdoc(['--target-dir', rustPages]);
  return [join(root, 'out', 'docs', 'sdk', 'index.html'), join(rustPages, 'doc', 'slicer_codec', 'index.html')];
}

async function typedoc(tools, more) {
  const args = ['--options', 'typedoc.config.mjs', '--logLevel', 'Warn', ...more];
  await run(join(tools, 'node_modules', '.bin', 'typedoc'), args, { cwd: join(root, 'sdk') });
}

/** That every public item has a comment is a lint of the workspace, which clippy denies. */
async function rustdoc(more) {
  const env = { ...process.env, RUSTDOCFLAGS: '-D warnings' };
  await run('cargo', ['doc', '--workspace', '--no-deps', '--all-features', '--quiet', ...more], { env });
}
