/**
 * MessagePack maps of the container (`spec/container.md` § 8). msgpackr does the packing and unpacking; before it sees a byte from
 * outside, {@link checkMap} walks the payload and refuses everything that the specification does not allow. That keeps extensions,
 * bombs and odd keys away from the library, and gives errors an offset.
 */
import { Packr, Unpackr } from 'msgpackr/index-no-eval';
import { FormatLimit } from './format.js';
import { fail } from './limits.js';
import { decodeText } from './text.js';

/** What a header or metadata map can hold. */
export type MapValue = null | boolean | number | string | MapValue[] | { [key: string]: MapValue };

/** A header or metadata map. */
export type ContainerMap = { [key: string]: MapValue };

const KEY = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

let packr: Packr | undefined;
let unpackr: Unpackr | undefined;

/** Packs a map; throws `invalid_option` for values that the subset lacks. */
export function packMap(map: ContainerMap): Uint8Array {
  // variableMapSize writes the shortest map header instead of always 16 bits.
  packr ??= new Packr({ useRecords: false, variableMapSize: true });
  let bytes: Uint8Array;
  try {
    checkDepth(map, 1);
    // A plain copy: msgpackr returns a view into its own buffer, which is a Buffer under Node.
    bytes = new Uint8Array(packr.pack(map));
    checkMap(bytes, 0);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fail('invalid_option', `This map cannot be stored: ${reason}`, 0, PACK_ADVICE);
  }
  return bytes;
}

/** Checks and unpacks a map. `base` is the offset of the payload in the file, for errors. */
export function unpackMap(bytes: Uint8Array, base: number): ContainerMap {
  checkMap(bytes, base);
  unpackr ??= new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });
  try {
    return unpackr.unpack(bytes) as ContainerMap;
  } catch (error) {
    throw fail('bad_container', `MessagePack: ${error instanceof Error ? error.message : String(error)}`, base);
  }
}

const PACK_ADVICE =
  'Maps hold null, booleans, finite numbers up to 2^53 - 1, strings, arrays and maps, at most 8 deep and 1 MiB; keys are 1 to 64 ' +
  'characters from A-Z a-z 0-9 . _ : - and begin with a letter or digit.';

/** Stops cycles before the packer recurses for ever, and integers that it would write as an inexact float. */
function checkDepth(value: unknown, depth: number): void {
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    !Number.isSafeInteger(value) &&
    Math.abs(value) < 2 ** 63
  ) {
    throw new Error(`${value} is beyond 2^53 - 1.`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth > FormatLimit.mapDepth) throw new Error(`nested deeper than ${FormatLimit.mapDepth}.`);
  for (const item of Array.isArray(value) ? value : Object.values(value)) checkDepth(item, depth + 1);
}

/** Throws unless the whole of `bytes` is one allowed map. */
export function checkMap(bytes: Uint8Array, base: number): void {
  if (bytes.length > FormatLimit.mapBytes) {
    throw fail('limit_exceeded', `A map of ${bytes.length} bytes; ${FormatLimit.mapBytes} is the most.`, base);
  }
  const scan = new Scan(bytes, base);
  const first = bytes[0];
  if (first === undefined || !((first >= 0x80 && first <= 0x8f) || first === 0xde || first === 0xdf)) {
    throw fail('bad_container', 'The payload is not a MessagePack map.', base);
  }
  scan.value(0);
  if (scan.at !== bytes.length) {
    throw fail('bad_container', `${bytes.length - scan.at} bytes after the end of the map.`, base + scan.at);
  }
}

/** One pass over a payload. Recursion is bounded by the depth limit. */
class Scan {
  at = 0;
  private values = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly base: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(depth: number): void {
    const start = this.at;
    if (++this.values > FormatLimit.mapValues) {
      throw fail('limit_exceeded', `More than ${FormatLimit.mapValues} values in one map.`, this.base + start);
    }
    const b = this.bytes[this.skip(1, start)];
    if (b <= 0x7f || b >= 0xe0 || b === 0xc0 || b === 0xc2 || b === 0xc3) return;
    if (b <= 0x8f) this.map(b & 15, depth, start);
    else if (b <= 0x9f) this.array(b & 15, depth, start);
    else if (b <= 0xbf) this.text(b & 31, start);
    else if (b === 0xca) this.finite(this.view.getFloat32(this.skip(4, start)), start);
    else if (b === 0xcb) this.finite(this.view.getFloat64(this.skip(8, start)), start);
    else if (b === 0xcf) this.safe(this.view.getBigUint64(this.skip(8, start)), start);
    else if (b === 0xd3) this.safe(this.view.getBigInt64(this.skip(8, start)), start);
    else if (b >= 0xcc && b <= 0xce) this.skip(1 << (b - 0xcc), start);
    else if (b >= 0xd0 && b <= 0xd2) this.skip(1 << (b - 0xd0), start);
    else if (b >= 0xd9 && b <= 0xdb) this.text(this.size(b - 0xd9, start), start);
    else if (b === 0xdc || b === 0xdd) this.array(this.size(b - 0xdb, start), depth, start);
    else if (b === 0xde || b === 0xdf) this.map(this.size(b - 0xdd, start), depth, start);
    else throw this.bad(`MessagePack type 0x${b.toString(16)} is not allowed in a container`, start);
  }

  /** A length or count of 2^log2 bytes. */
  private size(log2: number, start: number): number {
    const at = this.skip(1 << log2, start);
    if (log2 === 0) return this.view.getUint8(at);
    return log2 === 1 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  private map(pairs: number, depth: number, start: number): void {
    this.enter(depth, 2 * pairs, start);
    const seen = new Set<string>();
    for (let i = 0; i < pairs; i++) {
      const at = this.at;
      const key = this.key();
      if (!KEY.test(key))
        throw this.bad('a key with characters that keys may not have, or of a length they may not have', at);
      if (seen.has(key)) throw this.bad(`the key ${key} occurs twice`, at);
      seen.add(key);
      this.value(depth + 1);
    }
  }

  private array(items: number, depth: number, start: number): void {
    this.enter(depth, items, start);
    for (let i = 0; i < items; i++) this.value(depth + 1);
  }

  /** Depth and count are checked before anything is walked or kept. */
  private enter(depth: number, leastBytes: number, start: number): void {
    if (depth >= FormatLimit.mapDepth) {
      throw fail('limit_exceeded', `Maps and arrays deeper than ${FormatLimit.mapDepth}.`, this.base + start);
    }
    if (leastBytes > this.bytes.length - this.at) throw this.bad('a count larger than the bytes that are left', start);
  }

  private key(): string {
    const start = this.at;
    const b = this.bytes[this.skip(1, start)];
    if (b >= 0xa0 && b <= 0xbf) return this.text(b & 31, start);
    if (b >= 0xd9 && b <= 0xdb) return this.text(this.size(b - 0xd9, start), start);
    throw this.bad('a key that is not a string', start);
  }

  private text(length: number, start: number): string {
    const from = this.skip(length, start);
    const text = decodeText(this.bytes.subarray(from, from + length));
    if (text === undefined)
      throw this.bad('a string that is not well-formed UTF-8, or begins with a byte order mark', start);
    return text;
  }

  private finite(value: number, start: number): void {
    if (!Number.isFinite(value)) throw this.bad('a float that is not finite', start);
  }

  private safe(value: bigint, start: number): void {
    if (value > BigInt(FormatLimit.step) || value < -BigInt(FormatLimit.step)) {
      throw this.bad('an integer beyond 2^53 - 1', start);
    }
  }

  /** Advances over `n` bytes and returns where they began. */
  private skip(n: number, start: number): number {
    const at = this.at;
    if (n > this.bytes.length - at) throw this.bad('a value that goes on after the end of the payload', start);
    this.at = at + n;
    return at;
  }

  private bad(what: string, at: number) {
    return fail('bad_container', `MessagePack: ${what}.`, this.base + at);
  }
}
