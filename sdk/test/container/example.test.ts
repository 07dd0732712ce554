/** The worked example of `spec/container.md` § 14: the file, the table in the document, and what a writer makes are the same bytes. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ContainerWriter, readContainer } from '../../src/container/index.js';

const spec = new URL('../../../spec/', import.meta.url);

/** The calls that make the example. */
export function example(): Uint8Array {
  const writer = new ContainerWriter({ creator: 'example' });
  const setup = writer.setup(Uint8Array.of(0xaa, 0xaa, 0xaa));
  writer.body(setup, Uint8Array.of(0xb0, 0xb1, 0xb2, 0xb3, 0xb4), { tensor: 'b10', step: 0 });
  writer.metadata({ step: 1, note: 'hi' });
  writer.body(setup, Uint8Array.of(0xc0, 0xc1), { tensor: 'b10', step: 1 });
  writer.finish();
  return writer.take();
}

test('the example file is what the calls make', () => {
  expect(new Uint8Array(readFileSync(new URL('examples/container.slcr', spec)))).toEqual(example());
});

test('the bytes in the document are the bytes of the file', () => {
  const text = readFileSync(new URL('container.md', spec), 'utf8');
  const section = text.slice(text.indexOf('## 14.'), text.indexOf('## 15. Change log\n'));
  const rows = [...section.matchAll(/^\| (\d+) \| (\d+) \| `([0-9A-F ]+)` \|/gm)];
  const bytes: number[] = [];
  for (const [, start, length, hex] of rows) {
    expect(Number(start)).toBe(bytes.length);
    const values = hex.split(' ').map((pair) => Number.parseInt(pair, 16));
    expect(values.length).toBe(Number(length));
    bytes.push(...values);
  }
  expect(Uint8Array.from(bytes)).toEqual(example());
});

test('the example reads as the document says', () => {
  const c = readContainer(example());
  expect(c.sealed).toBe(true);
  expect(c.header).toEqual({ creator: 'example' });
  expect(c.names).toEqual(['b10']);
  expect([...c.records()].map((r) => r.kind)).toEqual([
    'header',
    'setup',
    'tensor',
    'body',
    'metadata',
    'body',
    'index',
  ]);
});
