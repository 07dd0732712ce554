/** What the container tests share: a description of a container, how to write it, and how to read it back as a description. */
import fc from 'fast-check';
import { type Container, type ContainerMap, ContainerWriter } from '../../src/container/index.js';

/** One thing that is put into a container. */
export type Item =
  | { kind: 'body'; setup: Uint8Array; bytes: Uint8Array; tensor: string | undefined; step: number }
  | { kind: 'frame'; bytes: Uint8Array; tensor: string | undefined; step: number }
  | { kind: 'metadata'; value: ContainerMap }
  | { kind: 'private'; type: number; bytes: Uint8Array };

export interface Description {
  header: ContainerMap;
  items: Item[];
  sealed: boolean;
}

const key = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,8}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((s) => !s.startsWith('\ufeff'));
const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger().map((n) => n + 0),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Number.isInteger(x)),
  text,
);
export const map: fc.Arbitrary<ContainerMap> = fc.dictionary(
  key,
  fc.oneof(leaf, fc.array(leaf, { maxLength: 4 }), fc.dictionary(key, leaf, { maxKeys: 3, noNullPrototype: true })),
  { maxKeys: 4, noNullPrototype: true },
) as fc.Arbitrary<ContainerMap>;

const bytes = fc.uint8Array({ maxLength: 40 });
const name = fc.option(fc.constantFrom('conv5', '/block.3/Add_output_0', 'ключ', '../../x'), { nil: undefined });

/** Frames begin with their magic; nothing else of them matters here. */
export function fakeFrame(rest: Uint8Array): Uint8Array {
  return new Uint8Array([0x53, 0x4c, 0x43, 0x46, ...rest]);
}

const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({
    kind: fc.constant('body' as const),
    setup: fc.constantFrom(...[1, 2, 3].map((n) => new Uint8Array(5 * n).fill(n))),
    bytes,
    tensor: name,
    step: fc.nat({ max: 3 }),
  }),
  fc.record({
    kind: fc.constant('frame' as const),
    bytes: bytes.map(fakeFrame),
    tensor: name,
    step: fc.nat({ max: 3 }),
  }),
  fc.record({ kind: fc.constant('metadata' as const), value: map }),
  fc.record({ kind: fc.constant('private' as const), type: fc.integer({ min: 0x8000, max: 0xfffe }), bytes }),
);

/** Descriptions that the order rules allow: steps ascend, and a name is used once per step. */
export const description: fc.Arbitrary<Description> = fc
  .record({ header: map, items: fc.array(item, { maxLength: 12 }), sealed: fc.boolean() })
  .map((d) => {
    let step = 0;
    let used = new Set<string>();
    for (const it of d.items) {
      if (it.kind !== 'body' && it.kind !== 'frame') continue;
      // The random step is an increment; a name that is taken moves on to the next step.
      const next = step + it.step + (it.tensor !== undefined && it.step === 0 && used.has(it.tensor) ? 1 : 0);
      if (next > step) used = new Set();
      step = next;
      it.step = step;
      if (it.tensor !== undefined) used.add(it.tensor);
    }
    return d;
  });

/** Adds items to a writer. */
export function addItems(writer: ContainerWriter, items: readonly Item[]): void {
  for (const it of items) {
    const place = it.kind === 'body' || it.kind === 'frame' ? { tensor: it.tensor, step: it.step } : {};
    if (it.kind === 'body') writer.body(writer.setup(it.setup), it.bytes, place);
    else if (it.kind === 'frame') writer.frame(it.bytes, place);
    else if (it.kind === 'metadata') writer.metadata(it.value);
    else writer.privateRecord(it.type, it.bytes);
  }
}

/** Writes a description in one go. */
export function write(d: Description): Uint8Array {
  const writer = new ContainerWriter(d.header);
  addItems(writer, d.items);
  if (d.sealed) writer.finish();
  return writer.take();
}

/** Reads a container back as items. */
export function itemsOf(container: Container, unpack: (bytes: Uint8Array, base: number) => ContainerMap): Item[] {
  const items: Item[] = [];
  for (const r of container.records()) {
    if (r.kind === 'body') {
      const { tensor, step, bytes } = r;
      items.push({ kind: 'body', setup: container.setup(r.setup), bytes, tensor: container.nameOf(tensor), step });
    } else if (r.kind === 'frame') {
      items.push({ kind: 'frame', bytes: r.bytes, tensor: container.nameOf(r.tensor), step: r.step });
    } else if (r.kind === 'metadata') {
      items.push({ kind: 'metadata', value: unpack(r.bytes, 0) });
    } else if (r.kind === 'skipped') {
      items.push({ kind: 'private', type: r.type, bytes: r.bytes });
    }
  }
  return items;
}

/** Joins pieces. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}
