/** What a run found: for people, as JSON, and as JUnit XML. */
import { getJunitXml } from 'junit-xml';
import { bySection, sectionName, sectionOf, suspects } from './suspects.ts';
import type { Verdict } from './verdict.ts';

/** A whole run. */
export interface Run {
  /** What was judged, as in the command line. */
  subject: string;
  /** Titles of sections. */
  titles: Readonly<Record<string, string>>;
  verdicts: readonly Verdict[];
  /** Milliseconds. */
  time: number;
}

/** How many failures are printed one by one, and how many suspects. */
const SHOWN = 12;
const SUSPECTS = 3;

/** Counts of a run. */
export function totals({ verdicts }: Pick<Run, 'verdicts'>) {
  const count = (outcome: string) => verdicts.filter((v) => v.outcome === outcome).length;
  return { cases: verdicts.length, passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

/** For people: sections, failures, where to look. */
export function asText(run: Run, all = false): string {
  const { verdicts, titles, time } = run;
  const { cases, passed, failed, skipped } = totals(run);
  const ranking = suspects(verdicts);
  const lines = bySection(verdicts).map((s) => {
    const name = sectionName(s.section, titles).padEnd(52);
    const rest = [s.failed && `${s.failed} FAILED`, s.skipped && `${s.skipped} not offered`].filter(Boolean).join(', ');
    return `${name}${String(s.passed).padStart(5)} passed${rest && `, ${rest}`}`;
  });
  const bad = verdicts.filter((v) => v.outcome === 'failed');
  if (bad.length > 0) lines.push('', 'failures:');
  for (const v of all ? bad : bad.slice(0, SHOWN)) {
    lines.push(`  ${v.id} (${sectionName(sectionOf(v, ranking), titles)})`, `    ${v.about}`, `    ${v.message}`);
    const said = v.stderr?.trim().split('\n').at(-1);
    if (said) lines.push(`    it said: ${said.slice(0, 160)}`);
  }
  if (!all && bad.length > SHOWN) lines.push(`  and ${bad.length - SHOWN} more (--all, or --json)`);
  if (ranking.length > 0) {
    lines.push('', 'where to look, the most suspect first:');
    for (const s of ranking.slice(0, SUSPECTS)) {
      lines.push(
        `  ${sectionName(s.section, titles)}: ${s.failed} of ${s.failed + s.passed} failed (${s.score.toFixed(2)})`,
      );
    }
  }
  const end = skipped > 0 ? `, ${skipped} not offered` : '';
  lines.push(
    '',
    `${run.subject}: ${cases} cases in ${(time / 1000).toFixed(1)} s: ${passed} passed, ${failed} failed${end}`,
  );
  return lines.join('\n');
}

/** For programs. */
export function asJson(run: Run): string {
  const { subject, titles, verdicts, time } = run;
  const ranking = suspects(verdicts);
  const named = (section: string) => ({ section, title: titles[section] });
  return JSON.stringify(
    {
      subject,
      milliseconds: Math.round(time),
      ...totals(run),
      suspects: ranking.map(({ section, ...s }) => ({ ...named(section), ...s })),
      sections: bySection(verdicts).map(({ section, ...s }) => ({ ...named(section), ...s })),
      results: verdicts.map((v) => ({
        ...v,
        uses: undefined,
        time: Math.round(v.time),
        section: v.outcome === 'failed' ? sectionOf(v, ranking) : undefined,
      })),
    },
    null,
    2,
  );
}

/** JUnit XML: a suite per section, each case in the section it is most about. */
export function asJunit(run: Run): string {
  const ranking = suspects(run.verdicts);
  const suites = new Map<string, Verdict[]>();
  for (const v of run.verdicts) {
    const section = v.outcome === 'failed' ? sectionOf(v, ranking) : v.sections[0];
    suites.set(section, [...(suites.get(section) ?? []), v]);
  }
  const seconds = (ms: number) => Math.round(ms) / 1000;
  return getJunitXml({
    name: run.subject,
    time: seconds(run.time),
    suites: [...suites].map(([section, verdicts]) => ({
      name: sectionName(section, run.titles),
      testCases: verdicts.map((v) => ({
        name: v.id,
        classname: sectionName(section, run.titles),
        time: seconds(v.time),
        failures: v.outcome === 'failed' ? [{ message: v.message ?? '' }] : undefined,
        skipped: v.outcome === 'skipped',
      })),
    })),
  });
}
