/** All vectors through the SDK, in both WASM builds. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Codec, createCodec } from 'slicer-codec/slim';
import { describe, expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const folder = new URL('../vectors/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8'));
const read = (path: string) => new Uint8Array(readFileSync(new URL(path, folder)));

/** What a decoder says about a vector, in the manifest's words. */
function answer(codec: Codec, files: { frame?: string; setup?: string; body?: string }) {
  try {
    const tensor = files.frame ? codec.decode(read(files.frame)) : bare(codec, files);
    if (!tensor) return 'a setup without a fault';
    const { type, dims, data } = tensor;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { type, dims, sha256, bytes: bytes.length > 256 ? undefined : Buffer.from(bytes).toString('base64') };
  } catch (error) {
    return { error: (error as { code?: string }).code ?? String(error) };
  }
}

function bare(codec: Codec, files: { setup?: string; body?: string }) {
  const decoder = new codec.StreamDecoder(read(files.setup!));
  try {
    return files.body === undefined ? undefined : decoder.decode(read(files.body));
  } finally {
    decoder.free();
  }
}

for (const build of ['simd', 'scalar']) {
  describe(build, async () => {
    const codec = createCodec();
    await codec.init(await readFile(require.resolve(`slicer-codec/${build}.wasm`)));
    for (const v of manifest.vectors) {
      test(v.id, () => {
        const { field: _, offset: __, ...expected } = v.expect;
        expect(answer(codec, v.files)).toEqual(expected);
      });
    }
  });
}
