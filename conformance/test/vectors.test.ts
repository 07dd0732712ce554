/** All vectors through the SDK, in both WASM builds; every answer must be the manifest's. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Codec, createCodec, type DecodedTensor, type DecodeOptions } from 'slicer-codec/slim';
import { describe, expect, test } from 'vitest';

interface Answer {
  type?: string;
  dims?: number[];
  sha256?: string;
  bytes?: string;
  error?: string;
  or?: string[];
  field?: string;
  offset?: number;
}

interface Step {
  body?: string;
  expect?: Answer;
  skip?: number;
  snapshot?: string;
  restore?: string;
  reset?: true;
}

interface Vector {
  id: string;
  profiles?: string[];
  files: { frame?: string; setup?: string; body?: string };
  steps?: Step[];
  expect?: Answer;
  limits?: DecodeOptions;
}

const require = createRequire(import.meta.url);
const folder = new URL('../vectors/', import.meta.url);
const manifest: { vectors: Vector[] } = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8'));
const read = (path: string) => new Uint8Array(readFileSync(new URL(path, folder)));

/** What a decoder says about something, in the manifest's words. */
function answer(make: () => DecodedTensor): Answer {
  try {
    const { type, dims, data } = make();
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const base64 = bytes.length > 256 ? undefined : Buffer.from(bytes).toString('base64');
    return { type, dims: [...dims], sha256, bytes: base64 };
  } catch (error) {
    return { error: (error as { code?: string }).code ?? String(error) };
  }
}

function compare(got: Answer, { field: _, offset: __, or = [], ...expected }: Answer): void {
  if (got.error !== undefined && or.includes(got.error)) return;
  expect(got).toEqual(expected);
}

/** A decoder of its own: what profiles it holds is this vector's affair. */
function standalone(codec: Codec, frame: Uint8Array, options: DecodeOptions): DecodedTensor {
  const decoder = new codec.Decoder();
  try {
    return decoder.decode(frame, options);
  } finally {
    decoder.free();
  }
}

function bare(codec: Codec, { setup, body }: Vector['files'], options: DecodeOptions): DecodedTensor {
  const decoder = new codec.StreamDecoder(read(setup!), options);
  try {
    if (body === undefined) throw new Error('a setup without a fault');
    return decoder.decode(read(body));
  } finally {
    decoder.free();
  }
}

/** A stream: bodies, and what happens between them. */
function follow(codec: Codec, setup: Uint8Array, steps: Step[], options: DecodeOptions): void {
  const decoder = new codec.StreamDecoder(setup, options);
  const states = new Map<string, Uint8Array>();
  try {
    for (const { body, expect: wanted, snapshot, restore, reset } of steps) {
      if (body)
        compare(
          answer(() => decoder.decode(read(body))),
          wanted!,
        );
      if (snapshot) states.set(snapshot, decoder.snapshot());
      if (restore) decoder.restore(states.get(restore)!);
      if (reset) decoder.reset();
    }
  } finally {
    decoder.free();
  }
}

describe.each(['simd', 'scalar'])('%s', async (build) => {
  const codec = createCodec();
  await codec.init(await readFile(require.resolve(`slicer-codec/${build}.wasm`)));
  for (const { id, files, limits, steps, profiles, expect: wanted } of manifest.vectors) {
    test(id, () => {
      const options = { ...limits, profiles: profiles?.map(read) };
      if (steps) follow(codec, read(files.setup!), steps, options);
      else
        compare(
          answer(() => (files.frame ? standalone(codec, read(files.frame), options) : bare(codec, files, options))),
          wanted!,
        );
    });
  }
});
