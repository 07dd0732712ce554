import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'sdk/test/**/*.test.ts',
      'conformance/**/node.test.ts',
      'conformance/test/**/*.test.ts',
      'conformance/assemblyscript/**/*.test.ts',
      'conformance/*.test.ts',
      'bench/test/**/*.test.{ts,mjs}',
      'examples/**/*.test.{ts,mjs}',
    ],
    // Two shared cores: more workers only wait for each other.
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
