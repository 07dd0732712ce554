/** The runner: what it lets pass, what it rejects, how it says so. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { compareTensor } from '../runner/compare.ts';
import { encoderCases } from '../runner/encoder-cases.ts';
import { choose, readManifest } from '../runner/manifest.ts';
import { NeutralError, readNeutral, readScript, type Type, writeNeutral, writeScript } from '../runner/neutral.ts';
import { runProgram } from '../runner/process.ts';
import { asJunit } from '../runner/report.ts';
import { sectionOf, suspects } from '../runner/suspects.ts';
import type { Verdict } from '../runner/verdict.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const runner = join(root, 'conformance/dist/slicer-conformance.js');
const folder = mkdtempSync(join(tmpdir(), 'slicer-runner-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the runner on a program; every kind of thing a stranger might get wrong ends in an exit code. */
async function run(kind: string, program: readonly string[], ...flags: string[]) {
  const command = [process.execPath, runner, kind, ...flags, '--', ...program];
  const { status, stdout } = await runProgram(command, new Uint8Array(), { seconds: 600, memory: 2 ** 31 });
  return { status, stdout: Buffer.from(stdout).toString('utf8') };
}

/** A program of one line. */
const script = (code: string) => [process.execPath, '--eval', code];
const reference = [process.execPath, runner, 'reference-decoder'];
const referenceEncoder = [process.execPath, runner, 'reference-encoder'];

describe('neutral tensors', () => {
  const tensor = { type: 'int16' as const, dims: [2, 1], bytes: Uint8Array.of(1, 2, 3, 4) };

  test('are written as the appendix shows', () => {
    const a1 = writeNeutral({ type: 'float32', dims: [2], bytes: new Uint8Array(new Float32Array([1.5, -2]).buffer) });
    expect(Buffer.from(a1).toString('latin1')).toBe('tensor float32 2\n\0\0\xc0?\0\0\0\xc0');
    expect(readNeutral(writeNeutral(tensor))).toEqual(tensor);
    expect(readNeutral(writeNeutral({ ...tensor, dims: [], bytes: tensor.bytes.subarray(0, 2) })).dims).toEqual([]);
  });

  test.each([
    ['', 'ends too early'],
    ['tensor float32 2', 'no line'],
    ['tensor float64 1\n', 'not a line'],
    ['tensor  int8 1\n.', 'not a line'],
    ['tensor int8 01\n.', 'not a line'],
    ['tensor int8 1 1 1 1 1 1 1 1 1\n.', 'not a line'],
    ['tensor int8 3\n..', '2 bytes of elements'],
    ['tensor int8 1\n..', '1 bytes after'],
    ['tensor int8 4294967295 4294967295\n..', '2 bytes of elements'],
    ['error corrupt\n', 'an error line'],
  ])('%j is none', (text, message) => {
    expect(() => readNeutral(Buffer.from(text))).toThrow(NeutralError);
    expect(() => readNeutral(Buffer.from(text))).toThrow(message);
  });

  test('scripts come back', () => {
    const commands = [{ snapshot: 'a' }, { body: Uint8Array.of(10, 0) }, { restore: 'a' }, { reset: true as const }];
    expect(readScript(writeScript(commands))).toEqual(commands);
    expect(() => readScript(Buffer.from('body 4\n...'))).toThrow(NeutralError);
    expect(() => readScript(Buffer.from('bodies 4\n'))).toThrow(NeutralError);
  });
});

describe('comparing', () => {
  const wanted = (type: Type, bytes: Uint8Array) => ({
    type,
    dims: [bytes.length],
    sha256: '',
    bytes: Buffer.from(bytes).toString('base64'),
  });
  const floats = (...values: number[]) => new Uint8Array(new Float32Array(values).buffer);
  const compare = (
    type: Type,
    got: Uint8Array,
    right: Uint8Array,
    kind: 'exact' | 'numeric',
    magnitudes?: number[],
  ) => {
    const want = wanted(type, right);
    return compareTensor({ type, dims: want.dims, bytes: got }, want, { kind, magnitudes }, async () => right);
  };

  test('exact: every bit, the sign of zero too', async () => {
    expect(await compare('float32', floats(1, 0), floats(1, -0), 'exact')).toMatch(
      '1 of 2 values are wrong; the first, at [1], is 0 and must be -0',
    );
  });

  test('numeric: the bounds of § 11.1', async () => {
    const [right, near, far] = [floats(4, 3), floats(4 + 2 ** -19, 3), floats(4, 3 + 2 ** -17)];
    expect(await compare('float32', near, right, 'numeric')).toBeUndefined();
    expect(await compare('float32', far, right, 'numeric')).toMatch('1 of 2');
    expect(await compare('float32', floats(Number.NaN, 3), right, 'numeric')).toMatch('is NaN and must be 4');
    // With transforms the bound is that of the row.
    expect(await compare('float32', far, right, 'numeric', [0.25, 0.5])).toBeUndefined();
    expect(await compare('float32', far, right, 'numeric', [0.5, 0.25])).toMatch('1 of 2');
    expect(await compare('int8', Uint8Array.of(5, 250), Uint8Array.of(4, 251), 'numeric')).toBeUndefined();
    expect(await compare('int8', Uint8Array.of(6), Uint8Array.of(4), 'numeric')).toMatch('1 of 1');
    expect(await compare('float16', Uint8Array.of(1, 0x3c), Uint8Array.of(0, 0x3c), 'numeric')).toBeUndefined();
    expect(await compare('float16', Uint8Array.of(2, 0x3c), Uint8Array.of(0, 0x3c), 'numeric')).toMatch('1 of 1');
  });
});

describe('programs', () => {
  const limits = { seconds: 10, memory: 2 ** 30 };

  test('time', async () => {
    const { failure, status } = await runProgram(script('setInterval(() => {}, 1000)'), new Uint8Array(), {
      ...limits,
      seconds: 0.4,
    });
    expect({ failure, status }).toEqual({ failure: 'more than 0.4 s', status: undefined });
  });

  test.runIf(process.platform === 'linux')('memory', async () => {
    const hog = 'const a = []; setInterval(() => a.push(Buffer.alloc(2 ** 24, 1)), 2)';
    expect((await runProgram(script(hog), new Uint8Array(), { ...limits, memory: 2 ** 28 })).failure).toBe(
      'more than 256 MiB of memory',
    );
  });

  test('signals', async () => {
    expect((await runProgram(script('process.abort()'), new Uint8Array(), limits)).failure).toMatch(/^ended by SIG/);
  });
});

describe('the command', { timeout: 600_000 }, () => {
  const [few, report] = [
    ['--filter', 'raw-int8', 'adaptive-lanes-2', 'stream-errors', '--jobs', '2'],
    join(folder, 'report.xml'),
  ];

  test('passes the reference programs', async () => {
    const { status, stdout } = await run('decoder', reference, '--every', '97');
    expect(stdout).toMatch(/(\d\d) cases in [0-9.]+ s: \1 passed, 0 failed\n$/);
    expect(status).toBe(0);
    const encoder = await run('encoder', referenceEncoder, '--every', '9', '--json');
    expect(JSON.parse(encoder.stdout)).toMatchObject({ failed: 0, skipped: 0 });
    expect(encoder.status).toBe(0);
  });

  test('takes tiers and what is not offered for what they are', async () => {
    const refuses = script('process.exitCode = 14');
    expect((await run('decoder', refuses, '--tier', 'baseline', '--filter', 'dense-planes')).status).toBe(0);
    expect((await run('decoder', refuses, '--tier', 'dense', '--filter', 'dense-planes')).status).toBe(1);
    const { status, stdout } = await run('decoder', script('process.exitCode = 9'), ...few);
    expect(stdout).toMatch(/0 passed, 0 failed, \d+ not offered\n$/);
    expect(status).toBe(0);
  });

  test.each([
    ['says nothing', '', 'status 0, but the output ends too early'],
    ['crashes', 'process.exitCode = 1', 'exit status 1, which no error class has'],
    ['refuses everything', 'process.exitCode = 11', 'must return a tensor'],
    ['refuses with output', 'process.exitCode = 14; console.log("tensor")', 'wrote 7 bytes of output all the same'],
    ['returns the same always', 'console.log("tensor int8 0")', 'must be'],
  ])('rejects a decoder that %s', async (_, code, message) => {
    const { status, stdout } = await run('decoder', script(code), ...few, '--junit', report);
    expect(status).toBe(1);
    expect(stdout).toContain(message);
    expect(stdout).toContain('where to look');
    expect(readFileSync(report, 'utf8')).toMatch(/^<testsuites tests="\d+" errors="0" failures="[1-9]/);
  });

  test('keeps its own exit codes', async () => {
    expect(await run('decoder', ['./no-such-program'], ...few)).toMatchObject({ status: 3 });
    expect(await run('decoder', reference, '--filter', 'no-such-vector')).toMatchObject({ status: 2 });
    expect(await run('decoder', reference, '--jobs', 'many')).toMatchObject({ status: 2 });
    expect(await run('decoder', reference, '--vectors', folder)).toMatchObject({ status: 3 });
  });

  test('is packed whole', () => {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const [{ files, bundled }] = JSON.parse(
      execFileSync(npm, ['pack', '--dry-run', '--json', '--silent'], {
        cwd: join(root, 'conformance'),
        encoding: 'utf8',
      }),
    );
    const names: string[] = files.map((f: { path: string }) => f.path);
    expect(names).toContain('dist/slicer-conformance.js');
    expect(names.filter((n) => n.startsWith('vectors/')).length).toBeGreaterThan(1000);
    expect(names.filter((n) => /^(generator|assemblyscript|test|runner)/.test(n))).toEqual([]);
    expect(bundled).toEqual([]);
  });
});

describe('choosing and ranking', () => {
  const { vectors } = readManifest();

  test('filters', () => {
    expect(choose(vectors, { filter: ['§12.4'] }).every((v) => v.sections.includes('12.4'))).toBe(true);
    expect(choose(vectors, { filter: ['malformed'] }).length).toBe(149);
    expect(choose(vectors, { filter: ['=raw-int8'] }).map((v) => v.id)).toEqual(['raw-int8']);
    expect(choose(vectors, { filter: ['raw-rank'] }).map((v) => v.id)).toEqual(['raw-rank-8']);
    expect(choose(vectors, { every: 100 }).length).toBe(Math.ceil(vectors.length / 100));
  });

  test('a section whose cases fail, and no others, comes first', () => {
    const verdict = (id: number, sections: string[], outcome: Verdict['outcome']): Verdict => ({
      id: `v${id}`,
      about: '',
      sections,
      outcome,
      time: 1,
    });
    const verdicts = [
      verdict(1, ['7', '12.4', '11.1'], 'failed'),
      verdict(2, ['12.4', '11.1'], 'failed'),
      verdict(3, ['7', '11.1'], 'passed'),
      verdict(4, ['7', '11.1'], 'skipped'),
    ];
    const ranking = suspects(verdicts);
    expect(ranking.map((s) => s.section)).toEqual(['12.4', '7']);
    expect(ranking[0]).toMatchObject({ failed: 2, passed: 0, score: 1 });
    expect(sectionOf(verdicts[0], ranking)).toBe('12.4');
    const xml = asJunit({ subject: 'a <b> & "c"', titles: { 7: 'Bins' }, verdicts, time: 5 });
    expect(xml).toContain('a &lt;b&gt; &amp; &quot;c&quot;');
    expect(xml).toContain('failures="2" skipped="1"');
  });

  test('names of cases are unique', () => {
    const ids = encoderCases().map((c) => c.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(80);
  });
});
