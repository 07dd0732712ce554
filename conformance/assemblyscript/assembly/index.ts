/**
 * § 3 Framing, and what JavaScript sees. A result is valid until the next call.
 */

import { Body } from './body';
import { crc32c } from './checksum';
import { check, clear, E, failed, offset, status } from './errors';
import { Reader } from './reader';
import { Feature, Setup } from './setup';

export const UINT8ARRAY_ID = idof<Uint8Array>();

const CODES = (
  'ok truncated corrupt bad_magic unsupported_version unsupported_feature unknown_profile checksum_mismatch ' +
  'limit_exceeded bad_dims bad_bins bad_table trailing_bytes'
).split(' ');

let stream: Setup | null = null;
let result: Uint8Array = new Uint8Array(0);
/** What `finish` tells: type, rank, dims. */
const shape = new Uint32Array(10);

/** § 3.1 Decodes a standalone frame; returns 0 or the number of an error. */
export function decode(bytes: Uint8Array, maxBytes: u32): i32 {
  clear();
  const r = new Reader(bytes.dataStart, 0, bytes.length);
  const setup = new Setup();
  const magic: StaticArray<u8> = [0x53, 0x4c, 0x43, 0x46];
  for (let i = 0; i < 4; i++) check(r.left() === 0 || r.u8() === magic[i], E.BAD_MAGIC, 0);
  check(r.pos === 4, E.TRUNCATED, r.pos);
  setup.read(r);
  const body = new Body(setup);
  if (!failed()) body.read(r, false, maxBytes);
  const end = u64(r.pos) + body.length;
  check(end + 4 <= u64(r.end), E.TRUNCATED, r.end);
  check(end + 4 === u64(r.end), E.TRAILING_BYTES, u32(end + 4));
  if (!failed()) checksum(r, u32(end));
  return finish(setup, body, r);
}

/** § 3.2 Takes the setup of the bare bodies that follow. */
export function openStream(bytes: Uint8Array): i32 {
  clear();
  stream = null;
  const r = new Reader(bytes.dataStart, 0, bytes.length);
  const setup = new Setup();
  setup.read(r);
  check(r.left() === 0, E.TRAILING_BYTES, r.pos);
  if (!failed()) stream = setup;
  return status();
}

/** § 3.2 Decodes a bare body; −1 without a setup. */
export function decodeBody(bytes: Uint8Array, maxBytes: u32): i32 {
  clear();
  const setup = stream;
  if (setup === null) return -1;
  const r = new Reader(bytes.dataStart, 0, bytes.length);
  if (setup.has(Feature.BODY_CHECKSUM)) {
    check(r.end >= 4, E.TRUNCATED, r.end);
    if (!failed()) checksum(r, r.end - 4);
    if (!failed()) r.end -= 4;
  }
  const body = new Body(setup);
  if (!failed()) body.read(r, true, maxBytes);
  check(body.length <= r.left(), E.TRUNCATED, r.end);
  check(body.length === r.left(), E.TRAILING_BYTES, r.pos + u32(body.length));
  return finish(setup, body, r);
}

function checksum(r: Reader, at: u32): void {
  check(load<u32>(r.data + at) === crc32c(r.data, at), E.CHECKSUM_MISMATCH, at);
}

function finish(setup: Setup, body: Body, r: Reader): i32 {
  result = failed() ? new Uint8Array(0) : body.decode(r);
  shape[0] = setup.type;
  shape[1] = setup.rank;
  for (let i = 0; i < 8; i++) shape[2 + i] = body.dims[i];
  return status();
}

export function resultBytes(): Uint8Array {
  return result;
}

/** Type, rank, then eight dims. */
export function resultShape(): Uint32Array {
  return shape;
}

/** The byte that the last error is about. */
export function errorOffset(): u32 {
  return offset();
}

/** The name that § 14.1 gives the error of a status. */
export function errorCode(status: i32): string {
  return CODES[status];
}
