// What hosts have reported in runs before, of these very sources and settings: a long run that was stopped goes on from there.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache } from '../paths.mjs';
import { files, hash } from '../stamp.mjs';

const folder = join(cache, 'conformance');

/**
 * Remembers hosts that came to their end without a failure, by what was run in them.
 * @param {{ seed: number, runs: number }} settings
 */
export function finishedHosts(settings) {
  const sources = files(
    'sdk/dist',
    'sdk/package.json',
    'conformance/hosts',
    'conformance/suite',
    'conformance/vectors',
  );
  const name = hash(sources, JSON.stringify(settings)).slice(0, 16);
  const path = (host) => join(folder, `${host}-${name}.json`);
  return {
    /** `{ results, seconds }` of an earlier run, or undefined. */
    recall: (host) => (existsSync(path(host)) ? JSON.parse(readFileSync(path(host), 'utf8')) : undefined),
    note(host, report) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${path(host)}.part`, JSON.stringify(report));
      renameSync(`${path(host)}.part`, path(host));
    },
  };
}
