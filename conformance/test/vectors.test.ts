/** All vectors through the SDK, in both WASM builds; every answer must be the manifest's. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Codec, createCodec, type DecodeOptions } from 'slicer-codec/slim';
import { describe, expect, test } from 'vitest';

interface Files {
  frame?: string;
  setup?: string;
  body?: string;
}

const require = createRequire(import.meta.url);
const folder = new URL('../vectors/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8'));
const read = (path: string) => new Uint8Array(readFileSync(new URL(path, folder)));

/** What a decoder says about a vector, in the manifest's words. */
function answer(codec: Codec, files: Files, limits?: DecodeOptions) {
  try {
    const tensor = files.frame ? codec.decode(read(files.frame), limits) : bare(codec, files, limits);
    if (!tensor) return 'a setup without a fault';
    const { type, dims, data } = tensor;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { type, dims, sha256, bytes: bytes.length > 256 ? undefined : Buffer.from(bytes).toString('base64') };
  } catch (error) {
    return { error: (error as { code?: string }).code ?? String(error) };
  }
}

function bare(codec: Codec, files: Files, limits?: DecodeOptions) {
  const decoder = new codec.StreamDecoder(read(files.setup!), limits);
  try {
    return files.body === undefined ? undefined : decoder.decode(read(files.body), limits);
  } finally {
    decoder.free();
  }
}

describe.each(['simd', 'scalar'])('%s', async (build) => {
  const codec = createCodec();
  await codec.init(await readFile(require.resolve(`slicer-codec/${build}.wasm`)));
  for (const v of manifest.vectors) {
    test(v.id, () => {
      const got = answer(codec, v.files, v.limits);
      const { field: _, offset: __, or = [], ...expected } = v.expect;
      if (or.includes((got as { error?: string }).error)) return;
      expect(got).toEqual(expected);
    });
  }
});
