/** Which sections of the specification the vectors exercise. */
import type { Vector } from './collection.ts';
import type { ContainerVector } from './containers.ts';

/** Sections that define nothing a stream can exercise. */
const EXEMPT = /^(1|1\.1|3|14|14\.3|18|19|19\.2|20|21|22|23|C2|C3|C12|C13|C14|C15)$/;

/** The texts: `spec/bitstream.md`, `spec/profile.md` and `spec/container.md`. */
export interface Texts {
  bitstream: string;
  profile: string;
  container: string;
}

/** Numbers of the sections, in order; those of profiles begin with P, those of containers with C. */
export function sectionsOf({ bitstream, profile, container }: Texts): string[] {
  const numbers = (text: string) => [...text.matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm)].map((m) => m[1]);
  const prefixed = (text: string, prefix: string) => numbers(text).map((n) => prefix + n);
  return [...numbers(bitstream), ...prefixed(profile, 'P'), ...prefixed(container, 'C')];
}

/** Titles of the sections, those of the appendix on programs too. */
export function titlesOf({ bitstream, profile, container }: Texts): Record<string, string> {
  const of = (text: string, prefix: string) =>
    [...text.matchAll(/^#{2,3} ((?:B\.)?\d+(?:\.\d+)?)\.? (.+)$/gm)].map((m) => [prefix + m[1], m[2]]);
  return Object.fromEntries([...of(bitstream, ''), ...of(profile, 'P'), ...of(container, 'C')]);
}

type Counted = Pick<Vector, 'sections' | 'expect'>;

/** Containers as far as coverage goes. */
export function asCounted(containers: readonly ContainerVector[]): Counted[] {
  const fault = { error: 'corrupt' as const, field: 'container' };
  return containers.map(({ sections, scan }) => ({
    sections: sections.map((s) => `C${s}`),
    expect: 'error' in scan ? fault : undefined,
  }));
}

/** Vectors per section: valid ones and faulty ones. */
export function coverage(texts: Texts, vectors: readonly Counted[]) {
  const known = sectionsOf(texts);
  const counts = new Map(known.map((s) => [s, { valid: 0, faulty: 0 }]));
  for (const v of vectors) {
    for (const s of v.sections) {
      const count = counts.get(s);
      if (!count) throw new Error(`the specification has no section ${s}`);
      if (v.expect && 'error' in v.expect) count.faulty += 1;
      else count.valid += 1;
    }
  }
  const missing = known.filter((s) => !EXEMPT.test(s) && counts.get(s)!.valid + counts.get(s)!.faulty === 0);
  return { counts, missing };
}

/** The table to print. */
export function coverageReport(texts: Texts, vectors: readonly Counted[]): string {
  const { counts, missing } = coverage(texts, vectors);
  const rows = [...counts].filter(([s]) => !EXEMPT.test(s));
  const lines = rows.map(
    ([s, c]) => `  § ${s.padEnd(6)}${String(c.valid).padStart(5)} valid${String(c.faulty).padStart(5)} faulty`,
  );
  const end = missing.length > 0 ? `not covered: ${missing.join(', ')}` : `all ${rows.length} sections covered`;
  return ['sections:', ...lines, end].join('\n');
}
