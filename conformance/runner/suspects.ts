/** Which section of the specification failures point at. */
import type { Verdict } from './verdict.ts';

/** Sections that nearly every case belongs to: named only where nothing else is. */
const GENERAL = new Set(['11.1', '14.1']);

/** Scores that differ by less are about equal. */
const EQUAL = 0.02;

/** Sections that a stream makes use of whatever its vector is about, by the manifest's flags. */
const USED: Readonly<Record<string, readonly string[]>> = {
  segments: ['5.2'],
  'bins-uniform': ['7'],
  'bins-list': ['7'],
  'tables-inline': ['8.1', '8.3'],
  'tables-family': ['8.2', '8.3'],
  classes: ['9.1'],
  'profile-classes': ['9.1'],
  contexts: ['9.2'],
  scales: ['10'],
  'step-index': ['10'],
  'lanes-1': ['12.3'],
  'lanes-2': ['12.1', '12.4'],
  'lanes-4': ['12.1', '12.4'],
  'lanes-8': ['12.1', '12.4'],
  'lanes-32': ['12.1', '12.4'],
  profile: ['4.3'],
  mean: ['15'],
  'channel-transform': ['15'],
  dct: ['16'],
  trellis: ['17'],
  dense: ['18.1', '18.2', '18.3', '18.4'],
  adaptive: ['19.1'],
};

/** Sections that a vector with these flags makes use of. */
export function usedBy(flags: readonly string[]): string[] {
  return [...new Set(flags.flatMap((flag) => USED[flag] ?? []))];
}

/** A section's cases. */
export interface SectionCount {
  section: string;
  passed: number;
  failed: number;
  skipped: number;
}

/** A section that failures point at; the counts are those behind the score. */
export interface Suspect extends SectionCount {
  /** 0 … 1: failed ÷ √(all failures · cases of the section that ran): 1 where the section's cases fail, and no others. */
  score: number;
}

/** Cases by section, in the order of the specification; by the sections they are about unless told otherwise. */
export function bySection(
  verdicts: readonly Verdict[],
  of: (v: Verdict) => Iterable<string> = (v) => v.sections,
): SectionCount[] {
  const counts = new Map<string, SectionCount>();
  for (const verdict of verdicts) {
    for (const section of of(verdict)) {
      const count = counts.get(section) ?? { section, passed: 0, failed: 0, skipped: 0 };
      count[verdict.outcome] += 1;
      counts.set(section, count);
    }
  }
  return [...counts.values()].sort((a, b) => order(a.section) - order(b.section));
}

/** Everything a case touches. */
function touched({ sections, uses = [] }: Verdict): Set<string> {
  return new Set([...sections, ...uses]);
}

/**
 * Sections with failures, the most suspect first. A section is judged twice, by the cases that are about it and by all that make use of it,
 * and the better score counts. Of scores that are about equal the section with more failures comes first, then the one that the specification
 * has first, since later stages build on earlier ones.
 */
export function suspects(verdicts: readonly Verdict[]): Suspect[] {
  const failures = verdicts.filter((v) => v.outcome === 'failed').length;
  const best = new Map<string, Suspect>();
  for (const count of [...bySection(verdicts), ...bySection(verdicts, touched)]) {
    if (count.failed === 0) continue;
    const score = count.failed / Math.sqrt(failures * (count.failed + count.passed));
    if (score > (best.get(count.section)?.score ?? 0)) best.set(count.section, { ...count, score });
  }
  const all = [...best.values()];
  const narrow = all.filter((s) => !GENERAL.has(s.section));
  const about = ({ score }: Suspect) => Math.round(score / EQUAL);
  const chosen = narrow.length > 0 ? narrow : all;
  return chosen.sort((a, b) => about(b) - about(a) || b.failed - a.failed || order(a.section) - order(b.section));
}

/** The section that one failure is about: the most suspect it touches. */
export function sectionOf(verdict: Verdict, ranking: readonly Suspect[]): string {
  const own = touched(verdict);
  return ranking.find((s) => own.has(s.section))?.section ?? verdict.sections[0];
}

/** bitstream.md first, its appendix, then profile.md. */
function order(section: string): number {
  const [, letter, major, minor] = /^([A-Z]?)\.?(\d+)(?:\.(\d+))?$/.exec(section) ?? ['', 'Z', '0', '0'];
  return ({ '': 0, B: 1, P: 2 }[letter] ?? 3) * 1e6 + Number(major) * 1000 + Number(minor ?? 0);
}

/** How people write a section. */
export function sectionName(section: string, titles: Readonly<Record<string, string>>): string {
  const name = section.startsWith('P') ? `profile.md § ${section.slice(1)}` : `§ ${section}`;
  return titles[section] ? `${name} ${titles[section]}` : name;
}
