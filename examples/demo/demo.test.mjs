import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('main.mjs', import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'slicer-demo-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

const run = (...args) => spawnSync(process.execPath, [main, '--out', out, ...args], { encoding: 'utf8' });

describe('the demonstration', () => {
  test('keeps every line of text at a tenth of the fp32 bytes or less', { timeout: 120_000 }, () => {
    const { status, stdout, stderr } = run('--json');
    expect(status, stderr).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.cut).toMatchObject({ name: 'p2o.AveragePool.1', dims: [1, 480, 1, 40], bytes: 76800 });
    expect(result.cut.verification.ok).toBe(true);
    const chosen = result.rows.find((row) => row.label === result.chosen);
    expect(chosen.same).toBe(8);
    expect(chosen.bytes).toBeLessThanOrEqual(7680);
    for (const row of result.rows.filter((one) => one.kind === 'plain')) expect(row.same).toBe(8);
    expect(existsSync(result.plot)).toBe(true);
    expect(readFileSync(result.plot, 'utf8')).toContain('<svg');
  });

  test.each([
    ['an unknown option', ['--nonsense'], 2],
    ['a number that is none', ['--items', 'many'], 2],
    ['a model without photographs', ['--model', 'x.onnx'], 2],
    ['a tensor that is no cut', ['--at', 'p2o.Add.235'], 1],
  ])('refuses %s', { timeout: 60_000 }, (_, args, code) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(code);
    expect(stderr.trim()).not.toBe('');
  });
});
