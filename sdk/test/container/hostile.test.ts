/** Damaged and malicious containers: always a SlicerError with a useful code, never anything else, never memory above the cap. */
import { describe, expect, test, vi } from 'vitest';
import { SlicerError } from '../../src/codec/errors.js';
import {
  ContainerStream,
  ContainerWriter,
  crc32c,
  openContainer,
  readContainer,
  recoverContainer,
  unpackMap,
} from '../../src/container/index.js';
import { concat, fakeFrame } from './model.js';

const MUTATIONS = 60_000;

/** A small generator with a seed, so that a failure can be repeated. */
function random(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function sample(seed: number): Uint8Array {
  const r = random(seed);
  const some = (n: number) => Uint8Array.from({ length: Math.floor(r() * n) }, () => Math.floor(r() * 256));
  const writer = new ContainerWriter({ creator: 'test', list: [1, 2.5, 'x', { deep: [null, true] }] });
  const setups = [
    writer.setup(concat(new Uint8Array([1]), some(60))),
    writer.setup(concat(new Uint8Array([2]), some(60))),
  ];
  for (let step = 0; step < 6; step++) {
    writer.body(setups[step & 1], some(80), { tensor: 'a', step });
    writer.frame(fakeFrame(some(50)), { tensor: 'b', step });
    if (step === 3) writer.metadata({ step, note: 'three' });
  }
  if (r() < 0.7) writer.finish();
  return writer.take();
}

/** Recomputes the checksums of the record at `at`, as an attacker would. */
function reseal(bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getUint32(at + 4, true);
  if (at + 16 + length <= bytes.length) {
    view.setUint32(at + 8, crc32c(bytes.subarray(at + 16, at + 16 + length)), true);
  }
  view.setUint32(at + 12, crc32c(bytes.subarray(at, at + 12)), true);
}

function recordOffsets(bytes: Uint8Array): number[] {
  return [...readContainer(bytes).records()].map((r) => r.offset);
}

function outcome(f: () => unknown): string {
  try {
    f();
    return 'ok';
  } catch (error) {
    if (!(error instanceof SlicerError)) throw error;
    // Plain comparisons: this runs hundreds of thousands of times.
    if (!(Number.isSafeInteger(error.offset) && error.offset >= 0)) throw new Error(`offset ${error.offset}`);
    if (error.advice.length === 0) throw new Error(`no advice for ${error.code}`);
    return error.code;
  }
}

const EXPECTED = new Set([
  'ok',
  'bad_magic',
  'bad_container',
  'truncated',
  'checksum_mismatch',
  'unsupported_version',
  'unsupported_feature',
  'limit_exceeded',
]);

describe('hostile containers', () => {
  test('any single changed byte is found', () => {
    const bytes = sample(1);
    const r = random(2);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] ^= 1 + Math.floor(r() * 255);
      expect(
        outcome(() => readContainer(damaged)),
        `byte ${at}`,
      ).not.toBe('ok');
    }
  });

  test(`${MUTATIONS} mutated containers throw SlicerError or read, and hold no more than they are`, () => {
    const r = random(3);
    const bases = Array.from({ length: 20 }, (_, i) => sample(10 + i));
    const offsets = bases.map(recordOffsets);
    const seen = new Map<string, number>();
    for (let n = 0; n < MUTATIONS; n++) {
      const which = Math.floor(r() * bases.length);
      let bytes: Uint8Array = bases[which].slice();
      const at = offsets[which][Math.floor(r() * offsets[which].length)];
      const edits = 1 + Math.floor(r() * 3);
      for (let e = 0; e < edits; e++) {
        const span = Math.min(64, bytes.length - at);
        bytes[at + Math.floor(r() * span)] = r() < 0.3 ? 0xff : Math.floor(r() * 256);
      }
      // Three in four have good checksums, so that the checks behind them are reached.
      if (r() < 0.75) reseal(bytes, at);
      if (r() < 0.2) bytes = bytes.subarray(0, Math.floor(r() * bytes.length));
      const code = outcome(() => {
        const c = readContainer(bytes);
        for (const record of c.records()) if (record.kind === 'metadata') unpackMap(record.bytes, record.offset + 16);
      });
      if (!EXPECTED.has(code)) throw new Error(code);
      seen.set(code, (seen.get(code) ?? 0) + 1);
      const recovered = outcome(() => {
        const c = recoverContainer(bytes).container;
        if (c.byteLength > bytes.length) throw new Error('recovered more than there is');
        readContainer(bytes.subarray(0, c.byteLength));
      });
      if (!EXPECTED.has(recovered)) throw new Error(recovered);
    }
    for (const code of EXPECTED) {
      if (code !== 'bad_magic' && code !== 'unsupported_version') expect(seen.get(code) ?? 0, code).toBeGreaterThan(0);
    }
  }, 300_000);

  test('mutated containers through streams and seeking', async () => {
    const r = random(5);
    for (let n = 0; n < 3000; n++) {
      const bytes = sample(100 + (n % 10));
      const offsets = recordOffsets(bytes);
      const at = offsets[Math.floor(r() * offsets.length)];
      bytes[at + Math.floor(r() * Math.min(64, bytes.length - at))] = Math.floor(r() * 256);
      reseal(bytes, at);
      await expectSlicerErrorOrNothing(async () => {
        for await (const _ of new ContainerStream([bytes])) void _;
      });
      await expectSlicerErrorOrNothing(async () => {
        const file = await openContainer(rangeReader(bytes));
        for (const entry of file.entries()) await file.read(entry);
      });
    }
  }, 120_000);

  test('a length of four gigabytes is refused before anything is fetched', async () => {
    const bytes = sample(1);
    const at = recordOffsets(bytes)[2];
    new DataView(bytes.buffer).setUint32(at + 4, 0xffff_ffff, true);
    reseal(bytes, at);
    expect(outcome(() => readContainer(bytes))).toBe('limit_exceeded');
    expect(outcome(() => readContainer(bytes, { maxRecordBytes: 2 ** 32 }))).toBe('truncated');
    let largest = 0;
    const source = rangeReader(bytes, (length) => {
      largest = Math.max(largest, length);
    });
    await expectSlicerErrorOrNothing(async () => {
      const file = await openContainer(source);
      for (const entry of file.entries()) await file.read(entry);
    });
    expect(largest).toBeLessThanOrEqual(bytes.length);
    await expect(drain(new ContainerStream([bytes], { maxRecordBytes: 2 ** 32 - 1 }))).rejects.toMatchObject({
      code: 'truncated',
    });
  });

  test('no buffer is larger than the file, whatever its fields claim', async () => {
    const r = random(7);
    const files = Array.from({ length: 4000 }, (_, n) => {
      const bytes = sample(200 + (n % 8));
      const offsets = recordOffsets(bytes);
      const at = offsets[Math.floor(r() * offsets.length)];
      // Large numbers where lengths and counts are.
      for (const place of [4, 5, 6, 7, 16, 17, 18, 19]) {
        if (r() < 0.4 && at + place < bytes.length) bytes[at + place] = r() < 0.5 ? 0xff : Math.floor(r() * 256);
      }
      reseal(bytes, at);
      return bytes;
    });
    let largest = 0;
    const Real = Uint8Array;
    class Counting extends Uint8Array {
      constructor(...args: unknown[]) {
        if (typeof args[0] === 'number') largest = Math.max(largest, args[0]);
        // biome-ignore lint/suspicious/noExplicitAny: passes on whatever the real constructor was given.
        super(...(args as [any]));
      }
    }
    vi.stubGlobal('Uint8Array', Counting);
    try {
      for (const bytes of files) {
        largest = 0;
        outcome(() => recoverContainer(bytes));
        await expectSlicerErrorOrNothing(() => drain(new ContainerStream([bytes])));
        await expectSlicerErrorOrNothing(async () => {
          const file = await openContainer(rangeReader(bytes));
          for (const entry of file.entries()) await file.read(entry);
        });
        // A table of entries grows by doubling from 512 bytes.
        if (largest > Math.max(1024, bytes.length)) throw new Error(`${largest} for a file of ${bytes.length}`);
      }
    } finally {
      vi.stubGlobal('Uint8Array', Real);
    }
  });

  test('caps', () => {
    const bytes = sample(1);
    for (const limits of [
      { maxRecordBytes: 20 },
      { maxRecords: 3 },
      { maxTensors: 1 },
      { maxSetups: 1 },
      { maxSetupBytes: 1 },
      { maxNameBytes: 1 },
    ]) {
      expect(
        outcome(() => readContainer(bytes, limits)),
        JSON.stringify(limits),
      ).toBe('limit_exceeded');
    }
    expect(outcome(() => readContainer(bytes, { maxRecords: -1 }))).toBe('invalid_option');
    expect(outcome(() => readContainer(bytes, { maxRecord: 1 } as object))).toBe('invalid_option');
  });
});

/** A range reader that never gives more than it has. */
function rangeReader(bytes: Uint8Array, onRead: (length: number) => void = () => {}) {
  return {
    size: bytes.length,
    read: async (offset: number, length: number) => {
      onRead(length);
      return bytes.slice(offset, offset + length);
    },
  };
}

async function drain(stream: ContainerStream): Promise<void> {
  for await (const _ of stream) void _;
}

async function expectSlicerErrorOrNothing(f: () => Promise<void>): Promise<void> {
  try {
    await f();
  } catch (error) {
    expect(error).toBeInstanceOf(SlicerError);
    expect(EXPECTED).toContain((error as SlicerError).code);
  }
}
