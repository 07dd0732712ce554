/**
 * What runs in every host: the installed package's entries, then the suite with the scalar and with the SIMD build. A host says how
 * its runtime reads files and takes the results; it knows nothing else.
 */
import * as codec from 'slicer-codec';
import * as containers from 'slicer-codec/container';
import * as decoder from 'slicer-codec/decode';
import { createCodec, type WasmSource } from 'slicer-codec/slim';
import { type Outcome, suite, type VectorFiles } from '../suite/suite.ts';
import type { Settings } from './settings.ts';

/** conformance/vectors as one JSON value: files by path, in base64. */
export interface PackedVectors {
  manifest: VectorFiles['manifest'];
  files: Record<string, string>;
}

/** One line of the report. */
export interface Result extends Outcome {
  build: string;
  name: string;
  milliseconds: number;
  error?: string;
}

/** A runtime. */
export interface Host {
  settings: Settings;
  vectors: PackedVectors;
  wasm(build: 'scalar' | 'simd'): WasmSource;
  report(result: Result): void | Promise<void>;
}

/** Runs everything; a law that does not hold is a result, not an exception. */
export async function runHost({ settings, vectors, wasm, report }: Host): Promise<void> {
  const one = async (build: string, name: string, run: () => Outcome | Promise<Outcome>) => {
    const result: Result = { build, name, cases: 0, hashes: [], milliseconds: 0 };
    const start = Date.now();
    try {
      Object.assign(result, await run());
    } catch (error) {
      // Some engines leave the message out of the stack.
      result.error = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    }
    result.milliseconds = Date.now() - start;
    await report(result);
  };
  await one('built-in', 'the entries start at the first call, without init', entries);
  const folder = { manifest: vectors.manifest, read: reader(vectors.files) };
  for (const build of ['simd', 'scalar'] as const) {
    const own = createCodec();
    await one(build, 'the WASM file starts', async () => {
      await own.init(wasm(build));
      return { cases: 1, hashes: [] };
    });
    const laws = suite({ codec: own, containers }, { ...settings, vectors: folder });
    for (const law of laws) await one(build, law.name, law.run);
  }
}

function entries(): Outcome {
  const data = Int8Array.of(1, -2, 3);
  const { bytes } = codec.encode({ type: 'int8', data, dims: [3] }, { budget: { lossless: true } });
  for (const { decode } of [codec, decoder]) {
    if (decode(bytes).data.join() !== data.join()) throw new Error('another tensor came back');
  }
  return { cases: 2, hashes: [] };
}

/** Reads base64 files, each decoded once. */
function reader(files: Record<string, string>): VectorFiles['read'] {
  const cache = new Map<string, Uint8Array>();
  return (path) => {
    let bytes = cache.get(path);
    if (!bytes) {
      bytes = Uint8Array.from(atob(files[path]), (c) => c.charCodeAt(0));
      cache.set(path, bytes);
    }
    return bytes;
  };
}
