/** What the fast-check targets share: seed after seed until the time is over, going on where the last run ended. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** Draws from one seed and resolves with the number of cases; rejects at a finding, whose files it may leave in `finding`. */
export type Round = (seed: number, finding: string) => Promise<number>;

/**
 * Runs rounds for so many seconds, or until the process is asked to stop. The next seed lies in `folder/next`; a finding goes to
 * `folder/finding-SEED` and ends the process with 1. Its seed stays the next one, so that a run after a fix begins with it.
 */
export async function loop(folder: string, seconds: number, round: Round): Promise<void> {
  const file = join(folder, 'next');
  let seed = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 1;
  const begin = Date.now();
  let [cases, stopped] = [0, false];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stopped = true;
    });
  }
  while (!stopped && Date.now() < begin + 1000 * seconds) {
    const finding = join(folder, `finding-${seed}`);
    try {
      cases += await round(seed, finding);
      rmSync(finding, { recursive: true, force: true });
    } catch (error) {
      const text = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
      mkdirSync(finding, { recursive: true });
      writeFileSync(join(finding, 'error.txt'), `${text}\n`);
      console.error(text);
      process.exitCode = 1;
      break;
    }
    seed++;
    writeFileSync(file, String(seed));
    // Signals are heard between rounds.
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.error(`${cases} cases in ${Math.round((Date.now() - begin) / 1000)} second(s), next seed ${seed}`);
}
