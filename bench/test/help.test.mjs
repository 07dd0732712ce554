// Every bench loads, with all it imports, and says its options: what breaks one unnoticed most often is a name that has moved.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const here = fileURLToPath(new URL('..', import.meta.url));
const benches = readdirSync(here).filter((name) => existsSync(`${here}${name}/main.mjs`));

test.each(benches)('%s', async (name) => {
  const { stdout } = await promisify(execFile)(process.execPath, [`${here}${name}/main.mjs`, '--help']);
  expect(stdout).toMatch(/--json FILE/);
});
