/** Laws of the container: what is written is read, by every way of reading; appending, cutting off, recovering. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SlicerError } from '../../src/codec/errors.js';
import {
  ContainerStream,
  ContainerWriter,
  openContainer,
  readContainer,
  recoverContainer,
  unpackMap,
} from '../../src/container/index.js';
import { addItems, concat, type Description, description, itemsOf, write } from './model.js';

const runs = { numRuns: 200, interruptAfterTimeLimit: 20_000 };

/** Items compare by bytes, not by which view holds them. */
function plain(items: unknown): unknown {
  return JSON.parse(JSON.stringify(items, (_, v) => (v instanceof Uint8Array ? [...v] : v)));
}

function chunks(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const n = sizes[i % sizes.length];
    out.push(bytes.slice(at, at + n));
    at += n;
  }
  return out;
}

describe('container, as properties', { timeout: 120_000 }, () => {
  test('what is written is read', () => {
    fc.assert(
      fc.property(description, (d) => {
        const c = readContainer(write(d));
        expect(c.sealed).toBe(d.sealed);
        expect(plain(c.header)).toEqual(plain(d.header));
        expect(plain(itemsOf(c, unpackMap))).toEqual(plain(d.items));
      }),
      runs,
    );
  });

  test('a stream in any pieces gives the same records', async () => {
    await fc.assert(
      fc.asyncProperty(description, fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 }), async (d, sizes) => {
        const bytes = write(d);
        const stream = new ContainerStream(chunks(bytes, sizes));
        const got: unknown[] = [];
        for await (const record of stream) got.push(record);
        const want = [...readContainer(bytes).records()].map(({ ...record }) => {
          delete (record as { end?: number }).end;
          return record;
        });
        expect(plain(got)).toEqual(plain(want));
        expect(stream.byteLength).toBe(bytes.length);
      }),
      runs,
    );
  });

  test('seeking finds what scanning finds', async () => {
    await fc.assert(
      fc.asyncProperty(description, async (d) => {
        const bytes = write(d);
        const scanned = readContainer(bytes);
        const file = await openContainer(new Blob([bytes as BlobPart]));
        expect(file.sealed).toBe(d.sealed);
        expect(file.names).toEqual(scanned.names);
        expect(file.header).toEqual(scanned.header);
        expect([...file.entries()]).toEqual([...scanned.entries()]);
        for (const entry of file.entries()) {
          expect(await file.read(entry)).toEqual(scanned.read(entry));
          if (entry.setup) expect(await file.setup(entry.setup)).toEqual(scanned.setup(entry.setup));
        }
      }),
      runs,
    );
  });

  test('appending gives the file that one writer would have written', async () => {
    await fc.assert(
      fc.asyncProperty(description, fc.nat(), async (d, cut) => {
        const at = cut % (d.items.length + 1);
        const first = write({ ...d, items: d.items.slice(0, at) });
        const stream = new ContainerStream(first);
        for await (const _ of stream) void _;
        for (const base of [readContainer(first), stream]) {
          const writer = ContainerWriter.append(base);
          const position = writer.position;
          addItems(writer, d.items.slice(at));
          if (d.sealed) writer.finish();
          expect(concat(first.subarray(0, position), writer.take())).toEqual(write(d));
        }
      }),
      runs,
    );
  });

  test('an index that is not the last record is stale and harmless', () => {
    fc.assert(
      fc.property(description, (d) => {
        const first = write({ ...d, items: [], sealed: true });
        const writer = ContainerWriter.append(readContainer(first));
        // Written after the old index instead of over it, so every offset moves by the length of that index.
        const shift = first.length - writer.position;
        addItems(writer, d.items);
        const both = concat(first, writer.take());
        const c = readContainer(both);
        const want = readContainer(write({ ...d, sealed: false }));
        expect(plain(itemsOf(c, unpackMap))).toEqual(plain(d.items));
        expect([...c.entries()]).toEqual([...want.entries()].map((e) => ({ ...e, offset: e.offset + shift })));
        expect(c.sealed).toBe(d.items.length === 0);
      }),
      runs,
    );
  });

  test('every prefix is truncated, or a container that is a prefix of the records, and recovery keeps exactly those', () => {
    fc.assert(
      fc.property(description, (d) => checkPrefixes(d)),
      { numRuns: 25, interruptAfterTimeLimit: 50_000 },
    );
  }, 180_000);

  test('writing in pieces is writing at once', () => {
    fc.assert(
      fc.property(description, (d) => {
        const writer = new ContainerWriter(d.header);
        const parts = [writer.take()];
        for (const item of d.items) {
          expect(writer.position).toBe(parts.reduce((n, p) => n + p.length, 0));
          addItems(writer, [item]);
          parts.push(writer.take());
        }
        if (d.sealed) writer.finish();
        parts.push(writer.take());
        expect(concat(...parts)).toEqual(write(d));
      }),
      runs,
    );
  });
});

function checkPrefixes(d: Description): void {
  const bytes = write(d);
  const ends = [...readContainer(bytes).records()].map((r) => (r as unknown as { end: number }).end);
  const all = plain(itemsOf(readContainer(bytes), unpackMap)) as unknown[];
  for (let n = 0; n < bytes.length; n++) {
    const prefix = bytes.subarray(0, n);
    const whole = ends.filter((end) => end <= n);
    if (whole.at(-1) === n) {
      const items = plain(itemsOf(readContainer(prefix), unpackMap)) as unknown[];
      expect(items).toEqual(all.slice(0, items.length));
      continue;
    }
    expect(codeOf(() => readContainer(prefix))).toBe('truncated');
    if (whole.length === 0) {
      expect(codeOf(() => recoverContainer(prefix))).toBe('truncated');
      continue;
    }
    const r = recoverContainer(prefix);
    expect([r.recovered, r.keptBytes, r.droppedBytes, r.error?.code]).toEqual([
      true,
      whole.at(-1),
      n - whole.at(-1)!,
      'truncated',
    ]);
    const items = plain(itemsOf(r.container, unpackMap)) as unknown[];
    expect(items).toEqual(all.slice(0, items.length));
    // And what was kept can be appended to.
    const writer = ContainerWriter.append(r.container);
    writer.finish();
    expect(readContainer(concat(prefix.subarray(0, writer.position), writer.take())).sealed).toBe(true);
  }
}

function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    if (error instanceof SlicerError) return error.code;
    throw error;
  }
  return 'none';
}
