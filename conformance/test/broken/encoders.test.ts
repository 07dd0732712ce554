/** Encoders with one fault each are rejected, and the report names the section that forbids it. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { judgeEncoder } from '../../runner/encoder.ts';
import { encoderCases } from '../../runner/encoder-cases.ts';
import { parallel } from '../../runner/pool.ts';
import { suspects } from '../../runner/suspects.ts';

const program = fileURLToPath(new URL('./encoder.mjs', import.meta.url));
const limits = { seconds: 30, memory: 2 ** 31 };

/** Name, the cases to run, the section, what the report says. */
const FAULTS: [string, RegExp, string, RegExp][] = [
  ['cap-ignored', /^cap-(normal|rectified)/, 'B.4', /bytes, where at most \d+ are allowed/],
  ['budget-overrun', /^fill-(normal|rectified)|^rows-float32/, 'B.4', /where at most [0-9.]+ is allowed/],
  ['nondeterministic', /^rows-.*nrmse/, 'B.4', /other bytes the second time/],
  ['checksum-missing', /^row-|^bits-int8/, '13', /the frame is refused: checksum_mismatch/],
  ['draft-of-yesterday', /^row-/, '3.1', /the frame is refused: unsupported_version/],
  ['cut-short', /^row-|^scalar/, '5.2', /the frame is refused: truncated/],
  [
    'dims-reversed',
    /^rows-float32|^planes/,
    '4.1',
    /the frame is of float32 \[40, 6\], the tensor was float32 \[6, 40\]/,
  ],
  ['nan-payloads-lost', /^bits-float32|^nan/, '11', /byte \d+ of the elements is another one/],
  ['zero-signs-lost', /^signs/, '11', /byte 3 of the elements is another one/],
  ['nan-accepted', /^nan/, '5.2', /truncated/],
];

async function judge(fault: string, cases: RegExp) {
  const rules = { command: [process.execPath, program, fault], limits };
  const chosen = encoderCases().filter((c) => cases.test(c.id));
  return parallel(chosen, 2, (c) => judgeEncoder(rules, c));
}

test('the encoder without a fault passes', { timeout: 600_000 }, async () => {
  const verdicts = await judge('none', /^row-|^nan|^cap-normal-bytes-1/);
  expect(verdicts.filter((v) => v.outcome !== 'passed')).toEqual([]);
});

test.each(FAULTS)('%s', { timeout: 600_000 }, async (fault, cases, section, message) => {
  const verdicts = await judge(fault, cases);
  expect(verdicts.map((v) => v.message).join('\n')).toMatch(message);
  expect(suspects(verdicts)[0]?.section).toBe(section);
});
