// `npm run demo [-- OPTIONS]`: set-up, build, then the demonstration in examples/demo with the options passed on.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { root, toolEnv } from './lib/paths.mjs';
import { main } from './lib/run.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  await setup();
  await build();
  const script = join(root, 'examples', 'demo', 'main.mjs');
  const child = spawn(process.execPath, [script, ...process.argv.slice(2)], { stdio: 'inherit', env: toolEnv() });
  process.exitCode = await new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
});
