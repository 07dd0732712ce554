/** The suite in Deno: the built-in WASM (SIMD) against the scalar build. */
import * as codec from 'slicer-codec';
import { createCodec } from 'slicer-codec/slim';
import { suite } from '../suite/suite.ts';
import { settings } from './settings.ts';

declare const Deno: {
  readFile(path: URL): Promise<Uint8Array>;
  env: { get(name: string): string | undefined };
  test(name: string, action: () => void): void;
};

const scalar = createCodec();
await scalar.init(await Deno.readFile(new URL('../../sdk/dist/wasm/scalar.wasm', import.meta.url)));
const options = settings((name) => Deno.env.get(name), 250);
let cases = 0;

for (const law of suite({ codec, twin: scalar }, options)) {
  Deno.test(law.name, () => {
    cases += law.run();
  });
}
Deno.test('all laws ran', () => console.log(`property cases: ${cases}`));
