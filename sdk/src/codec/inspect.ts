/** Inspection: every field of a frame and the bytes of every section, the payload untouched. */
import { DTYPES } from './abi.js';
import { checkBytes } from './decode.js';
import { fieldName, SlicerError } from './errors.js';
import { Handle } from './handle.js';
import { writeDecodeOptions } from './options.js';
import { sizeOf } from './tensor.js';
import type { DecodeOptions, FrameEntry, FrameInfo } from './types.js';
import type { Engine } from './wasm.js';

/** Numbers of one entry: field, start, end, value. */
const ENTRY = 4;

/** Reads a standalone frame's fields. */
export function inspectWith(engine: Engine, given: Uint8Array | ArrayBuffer, options?: DecodeOptions): FrameInfo {
  const handle = new Handle(engine);
  try {
    const bytes = checkBytes(given);
    for (const profile of options?.profiles ?? []) handle.profile(profile);
    const values = handle.values();
    writeDecodeOptions(options, values, handle.base);
    handle.feed(bytes);
    handle.run('inspect');
    const entries = readEntries(handle);
    const find = (field: string) => entries.find((e) => e.field === field) ?? missing(field);
    const dims = readVarints(bytes.subarray(find('dims').start, find('dims').end));
    return {
      version: bytes[find('version').start],
      draft: find('version').value,
      type: DTYPES[find('type').value],
      dims,
      size: sizeOf(dims),
      bytes: bytes.length,
      entries,
      sections: sum(entries),
    };
  } finally {
    handle.free();
  }
}

function readEntries(handle: Handle): FrameEntry[] {
  const numbers = handle.entries();
  return Array.from({ length: numbers.length / ENTRY }, (_, i) => {
    const [field, start, end, value] = numbers.subarray(i * ENTRY, (i + 1) * ENTRY);
    return { field: fieldName(field), start, end, value };
  });
}

/** The core has checked them: an entry gives their place, and only the sum fits in its value. */
function readVarints(bytes: Uint8Array): number[] {
  const values: number[] = [];
  let [value, unit] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 0x7f) * unit;
    unit *= 128;
    if (byte < 0x80) {
      values.push(value);
      [value, unit] = [0, 1];
    }
  }
  return values;
}

function sum(entries: readonly FrameEntry[]): Record<string, number> {
  const sections: Record<string, number> = {};
  for (const { field, start, end } of entries) sections[field] = (sections[field] ?? 0) + end - start;
  return sections;
}

function missing(field: string): never {
  throw new SlicerError('internal', `The core did not report the field ${field}.`);
}
