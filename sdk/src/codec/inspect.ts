/** Inspection: every field of a frame and the bytes of every section, the payload untouched. */
import { SLOT } from './abi.js';
import { checkBytes, readHead } from './decode.js';
import { fieldName } from './errors.js';
import { Handle } from './handle.js';
import type { FrameEntry, FrameInfo } from './types.js';
import type { Engine } from './wasm.js';

/** Numbers of one entry: field, start, end, value. */
const ENTRY = 4;

/** Reads a standalone frame's fields. */
export function inspectWith(engine: Engine, given: Uint8Array | ArrayBuffer): FrameInfo {
  const handle = new Handle(engine);
  try {
    const bytes = checkBytes(given);
    handle.feed(bytes);
    handle.run('inspect');
    const entries = readEntries(handle);
    const head = readHead(handle);
    return {
      version: 0,
      draft: handle.slot(SLOT.draft),
      ...head,
      bytes: bytes.length,
      entries,
      sections: sum(entries),
    };
  } finally {
    handle.free();
  }
}

/** Bytes by field of the frame the handle has just encoded. */
export function readSections(handle: Handle): Record<string, number> {
  handle.run('inspect_output');
  return sum(readEntries(handle));
}

function readEntries(handle: Handle): FrameEntry[] {
  const numbers = handle.entries();
  return Array.from({ length: numbers.length / ENTRY }, (_, i) => {
    const [field, start, end, value] = numbers.subarray(i * ENTRY, (i + 1) * ENTRY);
    return { field: fieldName(field), start, end, value };
  });
}

function sum(entries: readonly FrameEntry[]): Record<string, number> {
  const sections: Record<string, number> = {};
  for (const { field, start, end } of entries) sections[field] = (sections[field] ?? 0) + end - start;
  return sections;
}
