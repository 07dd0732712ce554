// The stage `packages` of `npm test`: what is published, and what comes with it, as other people's tools see them.
import { extras } from '../extras.mjs';
import { say, seconds } from '../run.mjs';
import { apiChecks } from './api.mjs';
import { crateChecks } from './crates.mjs';
import { denyChecks } from './deny.mjs';
import { docsChecks } from './docs.mjs';
import { licenceChecks } from './licences.mjs';
import { tarballChecks } from './tarballs.mjs';

/** Checks that share the machine. */
const AT_ONCE = 2;

/** Runs every check; resolves with counts for the summary. A check may resolve with a few words about what it saw, or with `{ skipped: why }`. */
export async function checkPackages({ strict }) {
  const tools = await extras('packaging');
  const waiting = [
    // The longest come first: they are programs of their own, and share the machine.
    ...docsChecks(tools),
    ...crateChecks(),
    ...denyChecks({ strict }),
    ...tarballChecks(tools),
    ...licenceChecks(tools),
    ...apiChecks(tools),
  ];
  const total = { passed: 0, failed: 0, skipped: 0 };
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await one(next, total);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return total;
}

async function one([name, check], total) {
  const start = Date.now();
  try {
    const words = await check();
    if (words?.skipped) {
      total.skipped++;
      say(`${name} skipped: ${words.skipped}`);
      return;
    }
    total.passed++;
    say(`${name}${typeof words === 'string' ? `: ${words}` : ''} (${seconds(Date.now() - start)})`);
  } catch (error) {
    total.failed++;
    console.log(`  ✗ ${name}\n${String(error.message ?? error).replace(/^/gm, '      ')}`);
  }
}
