// The SDK build: WASM as base64 modules, every source file as ESM and as CommonJS, declarations for both.
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { notices } from './notices.mjs';
import { npmTool, root } from './paths.mjs';
import { run, say, seconds } from './run.mjs';
import { files, hash, isFresh, note } from './stamp.mjs';
import { calibration, variants } from './wasm.mjs';

const sdk = join(root, 'sdk');
const dist = join(sdk, 'dist');
const generated = join(sdk, 'src', 'generated');

/** Builds sdk/dist when sources or WASM files have changed; resolves with whether it did. */
export async function buildSdk() {
  inlineWasm();
  const inputs = files(
    'sdk/src',
    'sdk/package.json',
    'sdk/tsconfig.json',
    'tsconfig.base.json',
    'scripts/lib/sdk.mjs',
    'scripts/lib/notices.mjs',
  );
  const value = hash(inputs.concat([...variants, calibration].map((v) => v.file)));
  if (isFresh('sdk', value, [join(dist, 'esm', 'entry', 'index.js'), join(dist, 'cjs', 'package.json')])) return false;
  const start = Date.now();
  rmSync(dist, { recursive: true, force: true });
  copyWasm();
  writeFileSync(join(dist, 'wasm', 'THIRD-PARTY.txt'), await notices());
  await Promise.all([transpile(), declarations()]);
  writeFileSync(join(dist, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
  for (const name of ['LICENSE-MIT', 'LICENSE-APACHE']) copyFileSync(join(root, name), join(sdk, name));
  note('sdk', value);
  say(`sdk/dist in ${seconds(Date.now() - start)}`);
  return true;
}

/** sdk/src/generated/{full,decode}.ts: two strings each; calibrate.ts: one. */
function inlineWasm() {
  mkdirSync(generated, { recursive: true });
  const line = (name, about, file) =>
    `/** ${about}, base64. */\nexport const ${name} =\n  '${readFileSync(file).toString('base64')}';\n`;
  for (const [name, encode] of [
    ['full', true],
    ['decode', false],
  ]) {
    const builds = variants.filter((v) => v.encode === encode);
    write(
      name,
      builds.map((v) => line(v.simd ? 'simd' : 'scalar', `The ${v.simd ? 'SIMD128' : 'scalar'} build`, v.file)),
    );
  }
  write('calibrate', [line('wasm', 'The calibration', calibration.file)]);
}

/** Writes sdk/src/generated/NAME.ts where it differs. */
function write(name, lines) {
  const text = `// Written by scripts/lib/sdk.mjs.\n\n${lines.join('\n')}`;
  const path = join(generated, `${name}.ts`);
  if (read(path) !== text) writeFileSync(path, text);
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function copyWasm() {
  mkdirSync(join(dist, 'wasm'), { recursive: true });
  for (const { name, file } of variants) copyFileSync(file, join(dist, 'wasm', `${name}.wasm`));
}

/** One output file per source file, so that bundlers drop what is unused and classes exist once per format. */
async function transpile() {
  const { build } = await import('esbuild');
  const sources = files('sdk/src').filter((path) => /\.(ts|js)$/.test(path) && !path.endsWith('.d.ts'));
  const common = { entryPoints: sources, outbase: join(sdk, 'src'), platform: 'neutral', target: 'es2022' };
  const library = sources.filter((path) => !/^(cli|entry\/.*workerd)/.test(relative(join(sdk, 'src'), path)));
  await Promise.all([
    build({ ...common, outdir: join(dist, 'esm'), format: 'esm', logLevel: 'warning' }),
    build({
      ...common,
      entryPoints: library,
      outdir: join(dist, 'cjs'),
      format: 'cjs',
      // The one file that asks where it is (pool/node.ts) takes either.
      define: { 'import.meta.url': '__filename' },
      logLevel: 'warning',
    }),
  ]);
}

/** Declarations; type errors are shown here and counted by the type check of `npm test`. */
async function declarations() {
  const out = join(dist, 'esm');
  const result = await run(npmTool('tsc'), ['-p', 'sdk', '--outDir', out], { allowFailure: true });
  if (result.code !== 0) console.error(result.output);
  // Hand-kept declarations beside generated JavaScript are inputs to tsc, which does not copy them.
  for (const path of files('sdk/src').filter((p) => p.endsWith('.d.ts'))) {
    cpSync(path, join(out, relative(join(sdk, 'src'), path)));
  }
  for (const path of files('sdk/dist/esm').filter((p) => p.endsWith('.d.ts'))) {
    cpSync(path, join(dist, 'cjs', relative(out, path)));
  }
}
