/** Decoders with one fault each are rejected, and the report names the section that forbids it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { type DecoderHost, inputOf, judgeDecoder } from '../../runner/decoder.ts';
import { readManifest } from '../../runner/manifest.ts';
import { readScript, statusOf, writeNeutral } from '../../runner/neutral.ts';
import { runProgram } from '../../runner/process.ts';
import { suspects } from '../../runner/suspects.ts';
import { compile } from './compile.ts';
import { FAULTS } from './faults.ts';

// Plain JavaScript without declarations.
const decoder = await import(`${'../../assemblyscript'}/index.mjs`);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const manifest = readManifest();
const folder = mkdtempSync(join(tmpdir(), 'slicer-broken-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What assemblyscript/program.mjs does, without a process per vector: all vectors in two seconds instead of minutes. */
const host: DecoderHost = async (of, vector) => {
  const read = (path: string) => new Uint8Array(readFileSync(of.folder + path));
  const options = { ...vector.limits, profiles: vector.profiles?.map(read) };
  const ended = { stdout: new Uint8Array(), stderr: '', time: 0 };
  try {
    const input = inputOf(of, vector);
    if (vector.files.frame) return { ...ended, status: 0, stdout: writeNeutral(decoder.decode(input, options)) };
    const stream = decoder.openStream(read(vector.files.setup!), options);
    if (!vector.steps) return { ...ended, status: 0, stdout: writeNeutral(stream.decode(input)) };
    return { ...ended, status: 0, stdout: follow(stream, input) };
  } catch (error) {
    return { ...ended, status: statusOf((error as { code: string }).code) ?? 1 };
  }
};

function follow(stream: ReturnType<typeof decoder.openStream>, input: Uint8Array): Uint8Array {
  const states = new Map<string, Int32Array>();
  const parts = readScript(input).map((c) => {
    if ('body' in c) {
      try {
        return writeNeutral(stream.decode(c.body));
      } catch (error) {
        return Buffer.from(`error ${(error as { code: string }).code}\n`);
      }
    }
    if ('snapshot' in c) states.set(c.snapshot, stream.snapshot().slice());
    else if ('restore' in c) stream.restore(states.get(c.restore));
    else stream.reset();
    return new Uint8Array();
  });
  return Buffer.concat(parts);
}

/** All vectors but the three that take as long as the others together; none of the faults is theirs alone. */
const SLOW = new Set(['dense-weights-full', 'expansion-float32', 'expansion-int8-lanes-32']);
const vectors = manifest.vectors.filter((v) => !SLOW.has(v.id));

async function judge(wasm: string) {
  decoder.use(readFileSync(wasm));
  const verdicts = [];
  for (const v of vectors) verdicts.push(await judgeDecoder(host, { kind: 'exact', tier: 'dense' }, manifest, v));
  return verdicts;
}

test('the decoder without a fault passes', { timeout: 600_000 }, async () => {
  const verdicts = await judge(await compile(undefined, folder));
  expect(verdicts.filter((v) => v.outcome !== 'passed')).toEqual([]);
});

test.each(FAULTS)('$name: § $section', { timeout: 600_000 }, async (fault) => {
  const ranking = suspects(await judge(await compile(fault, folder)));
  const line = ranking.map((s) => `§ ${s.section} ${s.failed}/${s.failed + s.passed} ${s.score.toFixed(2)}`);
  expect(ranking[0]?.section, line.slice(0, 4).join(', ')).toBe(fault.section);
});

test('the command says so too', { timeout: 600_000 }, async () => {
  const [fault] = FAULTS;
  const program = [process.execPath, here('../../assemblyscript/program.mjs'), '--wasm', await compile(fault, folder)];
  const args = [here('../../dist/slicer-conformance.js'), 'decoder', '--every', '19', '--', ...program];
  const ended = await runProgram([process.execPath, ...args], new Uint8Array(), { seconds: 600, memory: 2 ** 31 });
  const stdout = Buffer.from(ended.stdout).toString('utf8');
  expect(stdout).toMatch(/where to look, the most suspect first:\n {2}§ 12\.1 Lanes: /);
  expect(ended.status).toBe(1);
});
