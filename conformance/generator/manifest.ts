/** The manifest and the files beside it. */
import { createHash } from 'node:crypto';
import type { Expect, Vector } from './collection.ts';
import type { ContainerVector } from './containers.ts';
import { type Texts, titlesOf } from './coverage.ts';
import { GLOSSARY } from './flags.ts';

/** Tensors up to this size stand in the manifest. */
const INLINE = 256;

/** Path and bytes of every file, the manifest apart. */
export function filesOf(vectors: readonly Vector[], containers: readonly ContainerVector[]): Map<string, Uint8Array> {
  const out = new Map<string, Uint8Array>(containers.map((c) => [containerPath(c), c.bytes]));
  for (const v of vectors) {
    for (const [part, bytes] of Object.entries(v.files)) if (bytes) out.set(pathOf(v, part), bytes);
    for (const { profile, bytes } of v.profiles) {
      const path = `profiles/${profile.name}.slcp`;
      if (out.has(path) && Buffer.compare(out.get(path)!, bytes) !== 0) throw new Error(`two profiles named ${path}`);
      out.set(path, bytes);
    }
    v.steps?.forEach((step, i) => {
      if ('body' in step) out.set(pathOf(v, `${i}.body`), step.body);
    });
  }
  return out;
}

function containerPath({ id }: ContainerVector): string {
  return `containers/${id.replace(/^container-/, '')}.slcr`;
}

function pathOf(v: Vector, part: string): string {
  return `${v.drawer}/${v.id}.${part === 'frame' ? 'slcf' : part}`;
}

/** The manifest's contents. */
export function manifestOf(
  vectors: readonly Vector[],
  containers: readonly ContainerVector[],
  seed: number,
  texts: Texts,
) {
  return {
    $schema: '../manifest.schema.json',
    version: 0,
    draft: 2,
    seed,
    flags: GLOSSARY,
    sections: titlesOf(texts),
    vectors: vectors.map((v) => ({
      id: v.id,
      drawer: v.drawer,
      about: v.about,
      sections: v.sections,
      flags: v.flags,
      tier: v.tier,
      framing: v.framing,
      files: Object.fromEntries(Object.keys(v.files).map((part) => [part, pathOf(v, part)])),
      profiles: v.profiles.length > 0 ? v.profiles.map(({ profile }) => `profiles/${profile.name}.slcp`) : undefined,
      steps: v.steps?.map((step, i) =>
        'body' in step ? { body: pathOf(v, `${i}.body`), expect: expectation(step.expect) } : step,
      ),
      expect: v.expect && expectation(v.expect),
      reconstruction: v.reconstruction,
      magnitudes: magnitudesOf(v),
      limits: v.limits,
    })),
    containers: containers.map((c) => ({
      id: c.id,
      about: c.about,
      sections: c.sections.map((s) => `C${s}`),
      file: containerPath(c),
      scan: c.scan,
      recover: c.recover,
    })),
  };
}

/** § 11.1: a list per body, where any has one. */
function magnitudesOf(v: Vector): number[][] | undefined {
  const answers = v.steps?.flatMap((s) => ('body' in s ? [s.expect] : [])) ?? (v.expect ? [v.expect] : []);
  const lists = answers.map((a) => ('error' in a ? [] : (a.magnitudes ?? [])));
  return lists.some((list) => list.length > 0) ? lists : undefined;
}

function expectation(expect: Expect) {
  if ('error' in expect) return expect;
  const { type, dims, bytes } = expect;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const inline = bytes.length <= INLINE ? Buffer.from(bytes).toString('base64') : undefined;
  return { type, dims, sha256, bytes: inline };
}
