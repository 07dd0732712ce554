/**
 * Containers: written from random records, with bytes, fields and whole records changed under checksums that are made right again,
 * and read in every way (sdk/test/container/readings.ts). The smallest bytes of a finding are kept beside its text.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import fc from 'fast-check';
import { crc32c, readContainer } from '../sdk/src/container/index.ts';
import { concat, description, write } from '../sdk/test/container/model.ts';
import { checkReadings } from '../sdk/test/container/readings.ts';
import { loop } from './loop.ts';

/** Cases of one seed. */
const RUNS = 500;
const RECORD_HEADER = 16;
const [folder, seconds] = process.argv.slice(2);

/** Numbers that fields are compared with: ends of ranges, small ids, types. */
const telling = fc.constantFrom(0, 1, 2, 3, 7, 8, 16, 24, 0x7fff, 0x8000, 0xffff, 0x1fffff, 0x7fffffff, 0xffffffff);
const at = fc.nat(4095);
const edit = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), record: at, at, value: fc.nat(255), seal: fc.boolean() }),
  fc.record({ kind: fc.constant('field' as const), record: at, at, value: telling, seal: fc.constant(true) }),
  fc.record({ kind: fc.constant('payload' as const), record: at, keep: fc.constantFrom(0, 4, 8, 16), bytes: maps() }),
  fc.record({ kind: fc.constantFrom('drop' as const, 'double' as const), record: at }),
  fc.record({ kind: fc.constant('swap' as const), record: at, at }),
);
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

/** Bytes that often are MessagePack, or nearly. */
function maps(): fc.Arbitrary<Uint8Array> {
  const heads = [0x80, 0x81, 0x82, 0x91, 0xa1, 0x61, 0xc0, 0xc4, 0xc7, 0xca, 0xcb, 0xcf, 0xd3, 0xd9, 0xdc, 0xde, 0xdf];
  const byte = fc.oneof(fc.constantFrom(...heads), fc.nat(255));
  return fc.array(byte, { maxLength: 40 }).map((list) => Uint8Array.from(list));
}

const cases = fc.record({
  description,
  edits: fc.array(edit, { maxLength: 5 }),
  cut: fc.option(fc.nat(), { freq: 3 }),
  tail: fc.uint8Array({ maxLength: 20 }),
  sizes: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 3 }),
  limits: fc.option(
    fc.record({
      maxRecordBytes: fc.nat(64),
      maxRecords: fc.nat(12),
      maxTensors: fc.nat(3),
      maxSetups: fc.nat(3),
      maxSetupBytes: fc.nat(30),
      maxNameBytes: fc.nat(30),
    }),
    { freq: 8, nil: undefined },
  ),
});

/** Makes the checksums of one record right, as an attacker would. */
function seal(record: Uint8Array): void {
  if (record.length < RECORD_HEADER) return;
  const view = new DataView(record.buffer);
  const end = RECORD_HEADER + view.getUint32(4, true);
  if (end <= record.length) view.setUint32(8, crc32c(record.subarray(RECORD_HEADER, end)), true);
  view.setUint32(12, crc32c(record.subarray(0, 12)), true);
}

/** A record with another payload after its first `keep` bytes. */
function withPayload(record: Uint8Array, keep: number, bytes: Uint8Array): Uint8Array {
  const length = Math.min(keep, record.length - RECORD_HEADER) + bytes.length;
  const out = new Uint8Array(RECORD_HEADER + 8 * Math.ceil(length / 8));
  out.set(record.subarray(0, RECORD_HEADER + length - bytes.length));
  out.set(bytes, RECORD_HEADER + length - bytes.length);
  new DataView(out.buffer).setUint32(4, length, true);
  seal(out);
  return out;
}

function apply(list: Uint8Array[], change: Edit): void {
  const i = change.record % list.length;
  const record = list[i];
  switch (change.kind) {
    case 'byte':
      record[change.at % record.length] = change.value;
      if (change.seal) seal(record);
      return;
    case 'field':
      // Fields lie at even offsets; most values fit 16 or 32 bits.
      if (change.value > 0xffff)
        new DataView(record.buffer).setUint32(4 * (change.at % (record.length >> 2)), change.value, true);
      else new DataView(record.buffer).setUint16(2 * (change.at % (record.length >> 1)), change.value, true);
      seal(record);
      return;
    case 'payload':
      list[i] = withPayload(record, change.keep, change.bytes);
      return;
    case 'double':
      list.splice(i, 0, record.slice());
      return;
    case 'drop':
      if (list.length > 1) list.splice(i, 1);
      return;
    case 'swap': {
      const j = change.at % list.length;
      [list[i], list[j]] = [list[j], list[i]];
    }
  }
}

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function bytesOf({ description, edits, cut, tail }: Case): Uint8Array {
  const whole = write(description);
  const ends = [...readContainer(whole).records()].map((record) => record.end);
  const list = ends.map((end, i) => whole.slice(ends[i - 1] ?? 8, end));
  for (const change of edits) apply(list, change);
  const bytes = concat(whole.subarray(0, 8), ...list, cut === null ? new Uint8Array(0) : tail);
  return cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1));
}

await loop(folder, Number(seconds), async (seed, finding) => {
  const property = fc.asyncProperty(cases, async (drawn) => {
    const bytes = bytesOf(drawn);
    try {
      const answer = await checkReadings(bytes, drawn.sizes, drawn.limits);
      // Without damage there is nothing to refuse.
      const sound = drawn.edits.length === 0 && drawn.cut === null && !drawn.limits;
      if (sound && answer !== 'whole') throw new Error(`what was written is refused: ${answer}`);
    } catch (error) {
      mkdirSync(finding, { recursive: true });
      writeFileSync(join(finding, 'case.slcr'), bytes);
      throw error;
    }
  });
  await fc.assert(property, { seed, numRuns: RUNS, includeErrorInReport: true });
  return RUNS;
});
