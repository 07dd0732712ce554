// `npm run build`: four WASM builds, the SDK, the conformance runner. Steps whose inputs have not changed are skipped.
import { existsSync, readFileSync } from 'node:fs';
import { buildConformance } from './lib/conformance.mjs';
import { isMain, main, say, seconds } from './lib/run.mjs';
import { buildSdk } from './lib/sdk.mjs';
import { buildWasm, variants } from './lib/wasm.mjs';
import { setup } from './setup.mjs';

/** Builds everything that has changed. */
export async function build() {
  const start = Date.now();
  const wasm = await buildWasm();
  const sdk = await buildSdk();
  const conformance = await buildConformance();
  say(wasm || sdk || conformance ? `build done in ${seconds(Date.now() - start)}` : 'build: nothing has changed');
}

/** Sizes of the WASM files, for people. */
export function sizes() {
  return variants.filter((v) => existsSync(v.file)).map((v) => `${v.name} ${readFileSync(v.file).length} B`);
}

if (isMain(import.meta)) {
  await main(async () => {
    await setup();
    await build();
    say(`WASM: ${sizes().join(', ')}`);
  });
}
