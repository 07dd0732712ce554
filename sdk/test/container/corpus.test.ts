/** What fuzzing containers has found, and the containers among the conformance vectors, read in every way. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkReadings } from './readings.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test.each(['fuzz/corpus/container', 'conformance/vectors/containers'])('%s', async (folder) => {
  const names = readdirSync(join(root, folder));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    const bytes = new Uint8Array(readFileSync(join(root, folder, name)));
    for (const sizes of [[1], [7, 64], [bytes.length]]) await checkReadings(bytes, sizes);
  }
});
