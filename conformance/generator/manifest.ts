/** The manifest and the files beside it. */
import { createHash } from 'node:crypto';
import type { Vector } from './collection.ts';
import { GLOSSARY } from './flags.ts';

/** Tensors up to this size stand in the manifest. */
const INLINE = 256;

/** Path and bytes of every file, the manifest apart. */
export function filesOf(vectors: readonly Vector[]): Map<string, Uint8Array> {
  const out = new Map<string, Uint8Array>();
  for (const v of vectors) {
    for (const [part, bytes] of Object.entries(v.files)) if (bytes) out.set(pathOf(v, part), bytes);
  }
  return out;
}

function pathOf(v: Vector, part: string): string {
  return `${v.drawer}/${v.id}.${part === 'frame' ? 'slcf' : part}`;
}

/** The manifest's contents. */
export function manifestOf(vectors: readonly Vector[], seed: number) {
  return {
    $schema: '../manifest.schema.json',
    version: 0,
    draft: 1,
    seed,
    flags: GLOSSARY,
    vectors: vectors.map((v) => ({
      id: v.id,
      drawer: v.drawer,
      about: v.about,
      sections: v.sections,
      flags: v.flags,
      tier: 'baseline',
      framing: v.framing,
      files: Object.fromEntries(Object.keys(v.files).map((part) => [part, pathOf(v, part)])),
      expect: expectation(v),
      reconstruction: v.reconstruction,
      limits: v.limits,
    })),
  };
}

function expectation(v: Vector) {
  if ('error' in v.expect) return v.expect;
  const { type, dims, bytes } = v.expect;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { type, dims, sha256, bytes: bytes.length <= INLINE ? Buffer.from(bytes).toString('base64') : undefined };
}
