/**
 * The independent decoder: the worked examples, every vector, and that nothing makes it trap.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

interface Tensor {
  type: string;
  dims: number[];
  bytes: Uint8Array;
}

interface Outcome {
  type?: string;
  dims?: number[];
  sha256?: string;
  error?: string;
}

type Expect = Outcome & { or?: string[] };

interface Step {
  body?: string;
  expect?: Expect;
  snapshot?: string;
  restore?: string;
  reset?: true;
}

interface Vector {
  id: string;
  about: string;
  drawer: string;
  profiles?: string[];
  files: { frame?: string; setup?: string; body?: string };
  steps?: Step[];
  expect?: Expect;
  limits?: { maxBytes?: number };
}

interface Options {
  maxBytes?: number;
  profiles?: Uint8Array[];
}

interface Stream {
  decode(body: Uint8Array, options?: Options): Tensor;
  snapshot(): Int32Array;
  restore(state: Int32Array): void;
  reset(): void;
}

const vectors: Vector[] = JSON.parse(read('../vectors/manifest.json').toString()).vectors;

let decode: (frame: Uint8Array, options?: Options) => Tensor;
let openStream: (setup: Uint8Array, options?: Options) => Stream;

function read(path: string): Buffer {
  return readFileSync(new URL(path, import.meta.url));
}

const file = (name: string) => read(`../vectors/${name}`);

/** What the decoder makes of something, in the words of the manifest. */
function outcome(make: () => Tensor | undefined): Outcome {
  try {
    const tensor = make();
    if (!tensor) return {};
    const { type, dims, bytes } = tensor;
    return { type, dims, sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (e) {
    return { error: (e as { code?: string }).code ?? String(e) };
  }
}

function compare(result: Outcome, { type, dims, sha256, error, or = [] }: Expect): void {
  if (error) expect([error, ...or]).toContain(result.error);
  else expect(result).toEqual({ type, dims, sha256 });
}

/** A stream: bodies, and what happens between them. */
function follow(stream: Stream, steps: Step[]): void {
  const states = new Map<string, Int32Array>();
  for (const { body, expect: wanted, snapshot, restore, reset } of steps) {
    if (body)
      compare(
        outcome(() => stream.decode(file(body))),
        wanted!,
      );
    if (snapshot) states.set(snapshot, stream.snapshot().slice());
    if (restore) stream.restore(states.get(restore)!);
    if (reset) stream.reset();
  }
}

beforeAll(async () => {
  const compiler = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'));
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  execFileSync(process.execPath, [compiler, '--config', 'asconfig.json'], { cwd });
  ({ decode, openStream } = await import('./index.mjs'));
}, 600_000);

describe('worked examples', () => {
  const example = (name: string) => read(`../../spec/examples/${name}`);
  const floats = ({ type, dims, bytes }: Tensor) => ({
    type,
    dims,
    values: [...new Float32Array(bytes.slice().buffer)],
  });

  it('A.1: a raw frame', () => {
    expect(floats(decode(example('1-raw.slcf')))).toEqual({ type: 'float32', dims: [2], values: [1.5, -2] });
  });

  it('A.2: a coded frame', () => {
    const values = [0, 0.5, -0.5, 0, 1, 0, -0.5, 5.5];
    expect(floats(decode(example('2-uniform.slcf')))).toEqual({ type: 'float32', dims: [2, 4], values });
  });

  it('A.3: a setup and a bare body', () => {
    const tensor = openStream(example('3-stream.setup')).decode(example('3-stream.body'));
    expect(floats(tensor)).toEqual({ type: 'float32', dims: [2, 3], values: [0.25, -0.5, 0, 3, 0, -5.25] });
  });

  it('A.4: a frame of the dense coder', () => {
    expect(floats(decode(example('4-dense.slcf')))).toEqual({ type: 'float32', dims: [1, 3], values: [0.5, 0, -1] });
  });
});

describe('hostile input', () => {
  const frame = read('../../spec/examples/2-uniform.slcf');

  it('reports a cut at every byte as such', () => {
    for (let n = 0; n < frame.length; n++) {
      expect(() => decode(frame.subarray(0, n)), `${n} bytes`).toThrow(expect.objectContaining({ code: 'truncated' }));
    }
  });

  it('names the byte', () => {
    const changed = (at: number) => frame.map((byte, i) => (i === at ? byte ^ 0x80 : byte));
    const error = (code: string, offset: number) => expect.objectContaining({ code, offset });
    expect(() => decode(changed(1))).toThrow(error('bad_magic', 0));
    expect(() => decode(changed(5))).toThrow(error('unsupported_version', 5));
    expect(() => decode(changed(14))).toThrow(error('corrupt', 11));
    expect(() => decode(changed(34))).toThrow(error('checksum_mismatch', 32));
    expect(() => decode(Uint8Array.of(...frame, 0))).toThrow(error('trailing_bytes', 36));
    expect(() => decode(frame, { maxBytes: 31 })).toThrow(error('limit_exceeded', 26));
  });

  it('never traps on a changed byte', () => {
    for (let i = 0; i < frame.length; i++) {
      for (let value = 0; value < 256; value++) {
        const changed = Uint8Array.from(frame);
        changed[i] = value;
        new DataView(changed.buffer).setUint32(32, crc32c(changed.subarray(0, 32)), true);
        try {
          decode(changed);
        } catch (e) {
          expect((e as { code?: string }).code, `${value} at ${i}: ${e}`).toMatch(/^[a-z]+_?[a-z]+$/);
        }
      }
    }
  });

  it('never traps on changed bytes of what is newer', () => {
    const ids =
      /^(dense-everything|dense-trellis-rows|trellis-transform-dct|adaptive-trellis|profile-classes-rows|transform-reduced-lists)$/;
    for (const { id, files, profiles = [] } of vectors.filter((v) => ids.test(v.id))) {
      const original = file(files.frame!);
      const options = { profiles: profiles.map(file), maxBytes: 2 ** 20 };
      for (let i = 6; i < original.length - 4; i++) {
        for (const mask of [1, 0x10, 0x80, 0xff]) {
          const changed = original.map((byte, at) => (at === i ? byte ^ mask : byte));
          new DataView(changed.buffer).setUint32(changed.length - 4, crc32c(changed.subarray(0, -4)), true);
          const { error = 'none' } = outcome(() => decode(changed, options));
          expect(error, `${id}: ${mask} at ${i}`).toMatch(/^[a-z]+(_[a-z]+)?$/);
        }
      }
    }
  });

  it('refuses an output above the cap before it allocates', () => {
    expect(() => decode(frame, { maxBytes: 31 })).toThrow(expect.objectContaining({ code: 'limit_exceeded' }));
    expect(decode(frame, { maxBytes: 32 }).bytes).toHaveLength(32);
  });
});

describe.each([...new Set(vectors.map((v) => v.drawer))])('vectors: %s', (drawer) => {
  it.each(vectors.filter((v) => v.drawer === drawer))('$id: $about', ({ files, steps, limits, ...vector }) => {
    const options = { ...limits, profiles: vector.profiles?.map(file) };
    if (steps) {
      follow(openStream(file(files.setup!), options), steps);
      return;
    }
    const result = outcome(() => {
      if (files.frame) return decode(file(files.frame), options);
      const stream = openStream(file(files.setup!), options);
      return files.body ? stream.decode(file(files.body)) : undefined;
    });
    compare(result, vector.expect!);
  });
});

function crc32c(bytes: Uint8Array): number {
  let c = ~0;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (c & 1 ? 0x82f63b78 : 0);
  }
  return ~c >>> 0;
}
