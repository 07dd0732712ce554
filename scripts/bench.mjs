// `npm run bench:rate`, `npm run bench:speed`: set-up, build, then bench/<name>/main.mjs with the options passed on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { root, toolEnv } from './lib/paths.mjs';
import { main } from './lib/run.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  const [name, ...options] = process.argv.slice(2);
  const script = join(root, 'bench', name ?? '', 'main.mjs');
  if (!name || !existsSync(script)) throw new Error(`There is no bench named ${name}.`);
  await setup();
  await build();
  const child = spawn(process.execPath, [script, ...options], { stdio: 'inherit', env: toolEnv() });
  process.exitCode = await new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
});
