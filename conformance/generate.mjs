// `node conformance/generate.mjs`: writes conformance/vectors from the generator's TypeScript.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const bundle = join(root, '.cache', 'generator.mjs');
mkdirSync(dirname(bundle), { recursive: true });
await build({
  entryPoints: [join(here, 'generator', 'main.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
});
const { write } = await import(pathToFileURL(bundle).href);
const manifest = write(join(here, 'vectors'), join(root, 'spec'));
execFileSync(join(root, 'node_modules', '.bin', 'biome'), ['format', '--write', manifest], { stdio: 'inherit' });
