/**
 * Reading a large model without its weights: each stays where it is in the file, and the model that comes out refers to
 * it there as external data. So a model of gigabytes is surveyed in megabytes: the runtime maps the file.
 */
import type { ModelProto } from './gen/onnx_pb.js';
import { readModel } from './model-file.js';

/** Weights from this size on stay in the file. */
const KEEP_BYTES = 4096;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
/** Fields of ModelProto, GraphProto and TensorProto that lead to weights. */
const GRAPH = 7;
const INITIALIZER = 5;
const RAW_DATA = 9;
const EXTERNAL_DATA = 13;
const DATA_LOCATION = 14;
const EXTERNAL = 1;

type Level = 'model' | 'graph' | 'tensor';

/**
 * Reads a model file of which only the structure is kept. Where the file is not what is expected, it is read as a whole,
 * which says what is wrong with it.
 */
export async function readLean(path: string): Promise<ModelProto> {
  const { open, readFile } = await import('node:fs/promises');
  const { basename } = await import('node:path');
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const source = new Source(async (target, at) => (await file.read(target, 0, target.length, at)).bytesRead, size);
    const pieces = await lean(source, 0, size, 'model', basename(path));
    if (pieces) return readModel(concat(pieces), path);
  } finally {
    await file.close();
  }
  return readModel(await readFile(path), path);
}

/** Bytes of a file, read through a window, so that fields of a few bytes do not take a system call each. */
class Source {
  private window = new Uint8Array(0);
  private start = 0;

  constructor(
    private readonly read: (target: Uint8Array, at: number) => Promise<number>,
    readonly size: number,
  ) {}

  async bytes(at: number, length: number): Promise<Uint8Array> {
    if (at < this.start || at + length > this.start + this.window.length) {
      const target = new Uint8Array(Math.min(Math.max(length, 1 << 16), this.size - at));
      let filled = 0;
      while (filled < target.length) {
        const got = await this.read(target.subarray(filled), at + filled);
        if (got === 0) break;
        filled += got;
      }
      this.window = target.subarray(0, filled);
      this.start = at;
    }
    return this.window.subarray(at - this.start, at - this.start + length);
  }

  async varint(at: number): Promise<{ value: number; end: number } | undefined> {
    const bytes = await this.bytes(at, Math.min(10, this.size - at));
    let value = 0;
    for (const [i, byte] of bytes.entries()) {
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return { value, end: at + i + 1 };
    }
    return undefined;
  }
}

/** The pieces of one message without its large weights, or `undefined` where it is not sound. */
async function lean(
  source: Source,
  start: number,
  end: number,
  level: Level,
  location: string,
): Promise<Uint8Array[] | undefined> {
  const pieces: Uint8Array[] = [];
  let left: { offset: number; length: number } | undefined;
  let alreadyExternal = false;
  for (let at = start; at < end; ) {
    const key = await source.varint(at);
    if (!key) return undefined;
    const field = Math.floor(key.value / 8);
    const wire = key.value % 8;
    if (wire !== BYTES) {
      const number = wire === VARINT ? await source.varint(key.end) : undefined;
      const next = wire === VARINT ? number?.end : wire === FIXED64 ? key.end + 8 : wire === FIXED32 ? key.end + 4 : 0;
      if (!next || next > end) return undefined;
      if (level === 'tensor' && field === DATA_LOCATION && number?.value === EXTERNAL) alreadyExternal = true;
      pieces.push((await source.bytes(at, next - at)).slice());
      at = next;
      continue;
    }
    const length = await source.varint(key.end);
    if (!length || length.value > end - length.end) return undefined;
    const next = length.end + length.value;
    const inner = levelOf(level, field, length.value);
    if (level === 'tensor' && field === RAW_DATA && length.value >= KEEP_BYTES) {
      left = { offset: length.end, length: length.value };
    } else if (inner) {
      const part = await lean(source, length.end, next, inner, location);
      if (!part) return undefined;
      const size = part.reduce((sum, piece) => sum + piece.length, 0);
      pieces.push(varint(key.value), varint(size), ...part);
    } else pieces.push((await source.bytes(at, next - at)).slice());
    at = next;
  }
  if (left && !alreadyExternal) {
    const entries = { location, offset: `${left.offset}`, length: `${left.length}` };
    for (const [name, value] of Object.entries(entries)) {
      const entry = concat([field(1, name), field(2, value)]);
      pieces.push(varint(EXTERNAL_DATA * 8 + BYTES), varint(entry.length), entry);
    }
    pieces.push(varint(DATA_LOCATION * 8 + VARINT), varint(EXTERNAL));
  }
  return pieces;
}

function levelOf(level: Level, field: number, length: number): Level | undefined {
  if (level === 'model' && field === GRAPH) return 'graph';
  return level === 'graph' && field === INITIALIZER && length >= KEEP_BYTES ? 'tensor' : undefined;
}

function field(number: number, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return concat([varint(number * 8 + BYTES), varint(bytes.length), bytes]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  bytes.push(left);
  return Uint8Array.from(bytes);
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
