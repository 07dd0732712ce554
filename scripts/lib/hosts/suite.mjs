// The conformance suite in every runtime, from the packed tarball, two hosts at a time.
import { say, seconds } from '../run.mjs';
import { compareHosts } from './compare.mjs';
import { finishedHosts } from './finished.mjs';
import { hostProject } from './programs.mjs';
import { RUNTIMES } from './runtimes.mjs';

/** The seed of all ordinary runs; conformance/hosts/settings.ts names the same. */
const SEED = 20261121;
/** Hosts that share the machine. */
const AT_ONCE = 2;

/**
 * Runs the suite in these hosts and compares what they put out.
 * @param {string[]} names of RUNTIMES
 * @param {{ runs: number, strict: boolean, resume?: boolean }} options cases per law and build; whether a missing host is a failure;
 *   whether hosts that have finished in an earlier run of the same are left out, their reports taken as they were
 * @returns counts for the summary, and `rows` for a table
 */
export async function hostSuite(names, { runs, strict, resume = false }) {
  const settings = { seed: Number(process.env.SLICER_SEED ?? SEED), runs: Number(process.env.SLICER_RUNS ?? runs) };
  const total = { passed: 0, failed: 0, skipped: 0, cases: 0, rows: [] };
  const before = resume ? finishedHosts(settings) : undefined;
  await hostProject();
  const reports = new Map();
  const waiting = [...names];
  const worker = async () => {
    for (let name = waiting.shift(); name; name = waiting.shift())
      await oneHost(name, settings, strict, total, reports, before);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { lists, hashes, differences } = compareHosts(reports);
  for (const text of differences) console.log(`  ✗ ${text}`);
  say(
    `${hashes} hashes in ${lists} lists of ${reports.size} hosts, two builds each: ${differences.length} lists differ`,
  );
  if (differences.length > 0) total.failed += differences.length;
  else if (lists > 0) total.passed++;
  return total;
}

async function oneHost(name, settings, strict, total, reports, before) {
  const { find, start, most = Number.POSITIVE_INFINITY } = RUNTIMES[name];
  if (!(await find())) {
    say(`${name} is not installed${strict ? ': that is a failure where CI=true' : '; skipped'}`);
    total[strict ? 'failed' : 'skipped']++;
    return;
  }
  const begin = Date.now();
  const runs = Math.min(settings.runs, most);
  const known = before?.recall(name);
  let results = known?.results ?? [];
  try {
    if (!known) results = await start({ ...settings, runs });
    if (results.length === 0) throw new Error('it reported nothing');
    if (!known && !results.some((r) => r.error)) before?.note(name, { results, seconds: (Date.now() - begin) / 1000 });
  } catch (error) {
    console.log(`  ✗ ${name}: ${error.message ?? error}`);
    total.failed++;
  }
  reports.set(name, results);
  for (const r of results.filter((r) => r.error)) {
    console.log(`  ✗ ${name}, ${r.build}: ${r.name}\n${r.error.replace(/^/gm, '      ')}`);
  }
  const failed = results.filter((r) => r.error).length;
  const vectors = results.filter((r) => r.name.startsWith('vectors: '));
  const sum = (list) => list.reduce((n, r) => n + r.cases, 0);
  const cases = sum(results) - sum(vectors);
  total.passed += results.length - failed;
  total.failed += failed;
  total.cases += cases;
  const took = known?.seconds ?? (Date.now() - begin) / 1000;
  const row = { host: name, runs, vectors: sum(vectors), cases, failed, seconds: took };
  total.rows.push(row);
  const when = known ? ', in an earlier run' : '';
  say(
    `${name}: ${row.vectors} vectors and ${cases} cases in two builds, ${failed} failed, ${seconds(1000 * took)}${when}`,
  );
}
