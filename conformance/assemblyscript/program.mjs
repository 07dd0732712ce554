/**
 * The decoder as a program of the specification's appendix B: `node program.mjs [--wasm FILE] [--profile FILE …] [--setup FILE [--stream]] [--max-bytes N]`.
 */

import { readFileSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { decode, openStream, use } from './index.mjs';

/** § 14.1, in the order of the exit statuses of B.2. */
const CLASSES = (
  'truncated corrupt bad_magic unsupported_version unsupported_feature unknown_profile profile_mismatch ' +
  'checksum_mismatch limit_exceeded bad_dims bad_bins bad_table trailing_bytes'
).split(' ');
const FIRST = 10;

const { values } = parseArgs({
  options: {
    wasm: { type: 'string' },
    profile: { type: 'string', multiple: true },
    setup: { type: 'string' },
    stream: { type: 'boolean' },
    'max-bytes': { type: 'string' },
  },
});
if (values.wasm) use(readFileSync(values.wasm));
const input = new Uint8Array(readFileSync(0));
const cap = values['max-bytes'];
const options = { profiles: values.profile?.map(read), ...(cap && { maxBytes: Number(cap) }) };

try {
  if (values.setup === undefined) answer(decode(input, options));
  else {
    const stream = openStream(read(values.setup), options);
    if (values.stream) follow(stream);
    else answer(stream.decode(input));
  }
} catch (error) {
  const at = CLASSES.indexOf(error.code);
  if (at < 0) throw error;
  process.exitCode = FIRST + at;
}

function read(path) {
  return new Uint8Array(readFileSync(path));
}

/** B.1. */
function answer({ type, dims, bytes }) {
  write(Buffer.from(`${['tensor', type, ...dims].join(' ')}\n`));
  write(bytes);
}

/** B.3. */
function follow(stream) {
  const states = new Map();
  for (let at = 0; at < input.length; ) {
    const end = input.indexOf(10, at);
    const [word, name] = Buffer.from(input.subarray(at, end)).toString('latin1').split(' ');
    at = end + 1;
    if (word === 'snapshot') states.set(name, stream.snapshot());
    else if (word === 'restore') stream.restore(states.get(name));
    else if (word === 'reset') stream.reset();
    else {
      const body = input.subarray(at, at + Number(name));
      at += body.length;
      one(stream, body);
    }
  }
}

function one(stream, body) {
  try {
    answer(stream.decode(body));
  } catch (error) {
    if (!CLASSES.includes(error.code)) throw error;
    write(Buffer.from(`error ${error.code}\n`));
  }
}

/** All of it, though a pipe may be full for a moment. */
function write(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}
