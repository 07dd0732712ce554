// `node fuzz/seed.mjs`: writes the seed corpora from the conformance vectors; other inputs in the corpora (findings) are left alone.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const vectors = join(dirname(here), 'conformance', 'vectors');
const manifest = JSON.parse(readFileSync(join(vectors, 'manifest.json'), 'utf8'));
const LARGEST = 400;

/** A file of a vector. */
const read = (path) => readFileSync(join(vectors, path));

/** One vector per set of flags (or error and sections) is enough to start from: the smallest. */
function smallest(list, size) {
  const kinds = new Map();
  for (const v of list) {
    const kind = JSON.stringify(v.expect?.error ? [v.expect.error, v.sections] : v.flags);
    if (size(v) <= LARGEST && (!kinds.has(kind) || size(v) < size(kinds.get(kind)))) kinds.set(kind, v);
  }
  return [...kinds.values()];
}

function write(target, entries) {
  const folder = join(here, 'corpus', target);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (name.startsWith('seed-')) rmSync(join(folder, name));
  for (const [name, bytes] of entries) writeFileSync(join(folder, `seed-${name}`), bytes);
  console.log(`${target}: ${entries.length} seeds`);
}

const frames = manifest.vectors.filter((v) => v.files.frame && v.expect?.error !== 'checksum_mismatch');
// The target adds the checksum.
const bare = smallest(frames, (v) => read(v.files.frame).length).map((v) => [
  v.id,
  read(v.files.frame).subarray(0, -4),
]);
write('frame', bare);

// The content of a profile without its head, and a frame with a stand-in for the id: the target adds both.
const PROFILE_HEAD = 38;
const ID_HERE = Buffer.from('<the id>');
const profiled = manifest.vectors.filter((v) => v.files.frame && v.profiles?.length === 1 && v.expect);
const withProfile = (v) => {
  const [profile, frame] = [read(v.profiles[0]), read(v.files.frame).subarray(0, -4)];
  const content = profile.subarray(PROFILE_HEAD);
  const at = frame.indexOf(profile.subarray(6, 14));
  const named = Buffer.from(frame);
  if (at >= 0) ID_HERE.copy(named, at);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(Math.min(content.length, 0xffff));
  return Buffer.concat([length, content, named]);
};
write(
  'profile',
  smallest(profiled, (v) => withProfile(v).length).map((v) => [v.id, withProfile(v)]),
);

const streams = manifest.vectors.filter((v) => v.files.setup && read(v.files.setup).length < 256);
const body = (v) => {
  const path = v.files.body ?? v.steps?.find((step) => step.body)?.body;
  return path ? read(path) : Buffer.alloc(0);
};
const joined = (v) => {
  const setup = read(v.files.setup);
  return Buffer.concat([Buffer.of(setup.length, 0), setup, body(v)]);
};
write(
  'stream',
  smallest(streams, (v) => joined(v).length).map((v) => [v.id, joined(v)]),
);

// Kind, budget, amount, shape, then elements: here those of small vectors.
const tensors = manifest.vectors.filter((v) => v.expect?.bytes && v.flags.some((f) => /special|real|integer/.test(f)));
const trips = tensors.slice(0, 24).map((v, i) => {
  const kind =
    ['float32', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', 'int32'].indexOf(v.expect.type) + 7 * (i % 3);
  return [
    v.id,
    Buffer.concat([Buffer.of(kind, i % 8, (i * 37) % 256, i % 54), Buffer.from(v.expect?.bytes, 'base64')]),
  ];
});
write('round_trip', trips);
