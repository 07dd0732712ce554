/** Containers: the SDK answers as the vectors say, and the runner judges other people's readers by them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as containers from 'slicer-codec/container';
import { afterAll, describe, expect, test } from 'vitest';
import { containerVectors } from '../generator/container-vectors.ts';
import { runProgram } from '../runner/process.ts';
import { judge } from '../suite/containers.ts';

test.each(containerVectors())('$id: $about', ({ bytes, ...vector }) => {
  expect(judge(containers, vector, bytes).complaints).toEqual([]);
});

test('a reader that is wrong is named', () => {
  const cut = containerVectors().find((v) => v.id === 'container-cut-index')!;
  const deaf = { ...containers, readContainer: (bytes: Uint8Array) => containers.recoverContainer(bytes).container };
  expect(judge(deaf, cut, cut.bytes).complaints).toEqual([
    expect.stringMatching(/^read: .*entries.* instead of .*truncated/),
  ]);
});

describe('programs that read containers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slicer-containers-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const runner = fileURLToPath(new URL('../dist/slicer-conformance.js', import.meta.url));
  const reference = [process.execPath, runner, 'reference-container'];

  /** Lets the runner judge a program by some containers. */
  async function report(program: readonly string[], ...filter: string[]) {
    const command = [process.execPath, runner, 'container', '--json', '--filter', ...filter, '--', ...program];
    const { status, stdout } = await runProgram(command, new Uint8Array(), { seconds: 120, memory: 2 ** 31 });
    return { status, ...JSON.parse(Buffer.from(stdout).toString('utf8')) };
  }

  /** A program of one file. */
  function program(name: string, code: string): string[] {
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, code);
    return [process.execPath, file];
  }

  test('the reference passes', async () => {
    const { status, cases, passed } = await report(reference, 'container-open', 'container-cut-index');
    expect({ status, cases, passed }).toEqual({ status: 0, cases: 4, passed: 4 });
  });

  test('one that never recovers is sent to § 10', async () => {
    const deaf = program(
      'deaf',
      `import { spawnSync } from 'node:child_process';
       spawnSync(${JSON.stringify(process.execPath)}, ${JSON.stringify(reference.slice(1))}, { stdio: 'inherit' });`,
    );
    const { status, failed, suspects, results } = await report(deaf, 'container-open', 'container-cut-index');
    expect({ status, failed }).toEqual({ status: 1, failed: 2 });
    expect(suspects[0].section).toMatch(/^C/);
    expect(results[1]).toMatchObject({ id: 'container-open-recovered', outcome: 'failed' });
    expect(results[1].message).toMatch(/must be .*"kept"/);
  });

  test.each([
    ['nothing', '', 'the answer is no JSON'],
    ['a list', 'console.log("[]")', 'the answer is no object'],
    ['a status', 'process.exitCode = 10', 'exit status 10 instead of an answer'],
  ])('%s is no answer', async (name, code, message) => {
    const { status, results } = await report(program(name.replace(' ', '-'), code), 'container-sealed-empty');
    expect(status).toBe(1);
    expect(results[0].message).toContain(message);
  });

  test('what is not offered is no fault', async () => {
    const { status, skipped } = await report(program('none', 'process.exitCode = 9'), 'container-sealed-empty');
    expect({ status, skipped }).toEqual({ status: 0, skipped: 2 });
  });
});
