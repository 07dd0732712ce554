/**
 * § 3 Framing, and what JavaScript sees. A result is valid until the next call.
 */

import { Adaptive } from './adaptive';
import { Body } from './body';
import { crc32c } from './checksum';
import { check, clear, E, failed, offset, status } from './errors';
import { forget, hold, Profile } from './profile';
import { Reader } from './reader';
import { Feature, Setup } from './setup';

export const UINT8ARRAY_ID = idof<Uint8Array>();
export const INT32ARRAY_ID = idof<Int32Array>();

const CODES = (
  'ok truncated corrupt bad_magic unsupported_version unsupported_feature unknown_profile profile_mismatch ' +
  'checksum_mismatch limit_exceeded bad_dims bad_bins bad_table trailing_bytes'
).split(' ');

let stream: Setup | null = null;
/** § 19.1 The stream's state. */
let state: Adaptive | null = null;
let result: Uint8Array = new Uint8Array(0);
/** What `finish` tells: type, rank, dims. */
const shape = new Uint32Array(10);

/** § 3.1 Decodes a standalone frame; returns 0 or the number of an error. */
export function decode(bytes: Uint8Array, maxBytes: u32): i32 {
  clear();
  const r = new Reader(bytes.dataStart, 0, bytes.length);
  const setup = new Setup();
  r.magic(0x46434c53);
  setup.read(r);
  const body = new Body(setup);
  if (setup.has(Feature.ADAPTIVE)) body.state = new Adaptive(setup.channels);
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
  if (failed()) return status();
  stream = setup;
  state = setup.has(Feature.ADAPTIVE) ? new Adaptive(setup.channels) : null;
  return 0;
}

/** `profile.md`: a profile that frames may name from now on. */
export function addProfile(bytes: Uint8Array): i32 {
  clear();
  const profile = new Profile();
  profile.read(new Reader(bytes.dataStart, 0, bytes.length));
  if (!failed()) hold(profile);
  return status();
}

/** Every profile is unknown again. */
export function forgetProfiles(): void {
  forget();
}

/** § 19.1 The state of the stream: n, then a number per channel. */
export function snapshot(): Int32Array {
  const now = state;
  if (now === null) return new Int32Array(0);
  const out = new Int32Array(1 + now.a.length);
  out[0] = now.n;
  for (let c = 0; c < now.a.length; c++) out[1 + c] = now.a[c];
  return out;
}

/** Goes back to a state that `snapshot` gave. */
export function restore(from: Int32Array): void {
  const now = state;
  if (now === null || from.length !== 1 + now.a.length) return;
  now.n = from[0];
  for (let c = 0; c < now.a.length; c++) now.a[c] = from[1 + c];
}

/** A new decoder's state. */
export function reset(): void {
  const now = state;
  if (now) now.reset();
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
  const now = state;
  if (now) body.state = now.copy();
  if (!failed()) body.read(r, true, maxBytes);
  check(body.length <= r.left(), E.TRUNCATED, r.end);
  check(body.length === r.left(), E.TRAILING_BYTES, r.pos + u32(body.length));
  finish(setup, body, r);
  // A body in error leaves the state as it was.
  if (!failed()) state = body.state;
  return status();
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
