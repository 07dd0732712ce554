/** Damaged frames and streams through WASM: an error of the format or a whole tensor; no trap, no memory above the cap, both builds alike. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { Decoder, StreamDecoder } from '../../src/codec/decode.js';
import { SlicerError } from '../../src/codec/errors.js';
import type { DecodedTensor } from '../../src/codec/types.js';
import { Engine } from '../../src/codec/wasm.js';
import { crc32c } from '../../src/container/index.js';

const CASES = 20_000;
const LIMITS = { maxBytes: 4 << 20, maxWork: 1 << 20 };
/** Beside the cap: the module's own data and stack, the input, and what a freed but divided heap costs. */
const OVERHEAD = 4 << 20;

const CODES = new Set([
  'truncated',
  'corrupt',
  'bad_magic',
  'unsupported_version',
  'unsupported_feature',
  'unknown_profile',
  'checksum_mismatch',
  'limit_exceeded',
  'bad_dims',
  'bad_bins',
  'bad_table',
  'trailing_bytes',
]);

/** A small generator with a seed, so that a failure can be repeated: a number below n. */
function random(seed: number): (n: number) => number {
  let s = seed >>> 0;
  return (n) => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const folder = new URL('../../../conformance/vectors/', import.meta.url);

/** Small vectors of every drawer: frames, and setups with a body. */
function seeds(): { frames: number[][]; streams: [number[], number[]][] } {
  const frames: number[][] = [];
  const streams: [number[], number[]][] = [];
  for (const drawer of ['must-read', 'legal-but-rare', 'malformed', 'invalid']) {
    const names = readdirSync(new URL(drawer, folder)).sort();
    const read = (name: string) => [...readFileSync(new URL(`${drawer}/${name}`, folder))];
    for (const name of names) {
      if (name.endsWith('.slcf')) frames.push(read(name));
      const body = name.replace('.setup', '.body');
      if (name.endsWith('.setup') && names.includes(body)) streams.push([read(name), read(body)]);
    }
  }
  return { frames: frames.filter((f) => f.length < 2000), streams };
}

/** Flips, overwritten bytes, cuts, insertions, splices, lengths that promise too much. */
function mutate(bytes: readonly number[], other: readonly number[], r: (n: number) => number): number[] {
  const out = [...bytes];
  for (let i = r(3); i >= 0; i--) {
    const at = r(6) === 0 ? r(out.length + 1) : Math.min(out.length, 6 + r(r(2) ? 40 : out.length + 1));
    const n = 1 + r(6);
    switch (r(8)) {
      case 0:
      case 1:
        if (at < out.length) out[at] ^= 1 << r(8);
        break;
      case 2:
        if (at < out.length) out[at] = [0, 1, 127, 128, 255][r(5)];
        break;
      case 3:
        out.splice(at, n);
        break;
      case 4:
        out.splice(at, 0, ...Array.from({ length: n }, () => r(256)));
        break;
      case 5:
        out.splice(at, out.length, ...other.slice(r(other.length + 1)));
        break;
      case 6:
        out.splice(at, 1, ...Array<number>(r(5)).fill(r(2) ? 255 : 128), 1 + r(15));
        break;
      default:
        out.length = at;
    }
  }
  return out;
}

/** Puts the right checksum in the last four bytes. */
function seal(bytes: number[]): number[] {
  const body = bytes.slice(0, -4);
  const crc = crc32c(Uint8Array.from(body));
  return [...body, crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24];
}

/** The answer as text; anything but a tensor or an error of the format fails the test. */
function answer(run: () => DecodedTensor, length: number): string {
  try {
    const { type, dims, data, size } = run();
    if (dims.reduce((a, b) => a * b, 1) !== size || data.length !== size) throw new Error('part of a tensor');
    return `${type} [${dims}] ${crc32c(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))}`;
  } catch (error) {
    if (!(error instanceof SlicerError && CODES.has(error.code))) throw error;
    if (!(error.offset >= 0 && error.offset <= length)) throw new Error(`offset ${error.offset} of ${length}`);
    return error.code;
  }
}

test('damaged frames and streams', { timeout: 120_000 }, () => {
  const { frames, streams } = seeds();
  const r = random(7);
  const require = createRequire(import.meta.url);
  const engines = ['simd', 'scalar'].map(
    (name) => new Engine(new WebAssembly.Module(readFileSync(require.resolve(`slicer-codec/${name}.wasm`)))),
  );
  const decoders = engines.map((engine) => new Decoder(engine));
  const start = engines.map((engine) => engine.exports().memory.buffer.byteLength);
  const tally: Record<string, number> = {};
  for (let i = 0; i < CASES; i++) {
    const pick = <T>(list: readonly T[]) => list[r(list.length)];
    let run: (k: number) => DecodedTensor;
    let length: number;
    if (r(4) > 0) {
      const damaged = mutate(pick(frames), pick(frames), r);
      const frame = Uint8Array.from(r(8) > 0 ? seal(damaged) : damaged);
      length = frame.length;
      run = (k) => decoders[k].decode(frame, LIMITS);
    } else {
      const [setup, body] = pick(streams);
      const head = Uint8Array.from(r(2) ? setup : mutate(setup, pick(streams)[0], r));
      const damaged = Uint8Array.from(mutate(body, pick(streams)[1], r));
      length = Math.max(head.length, damaged.length);
      run = (k) => {
        const decoder = new StreamDecoder(engines[k], head, LIMITS);
        try {
          return decoder.decode(damaged, LIMITS);
        } finally {
          decoder.free();
        }
      };
    }
    const [simd, scalar] = [answer(() => run(0), length), answer(() => run(1), length)];
    if (simd !== scalar) throw new Error(`SIMD: ${simd}, scalar: ${scalar}`);
    const name = simd.includes('[') ? 'tensor' : simd;
    tally[name] = (tally[name] ?? 0) + 1;
  }
  const grown = engines.map((engine, k) => engine.exports().memory.buffer.byteLength - start[k]);
  console.log(`property cases: ${2 * CASES}; memory grown by ${grown} bytes; ${JSON.stringify(tally)}`);
  // An instance that trapped would have been replaced.
  expect(engines.map((engine) => engine.generation)).toEqual([1, 1]);
  for (const bytes of grown) expect(bytes).toBeLessThanOrEqual(LIMITS.maxBytes + OVERHEAD);
  for (const name of ['tensor', 'corrupt', 'truncated', 'limit_exceeded'])
    expect(tally[name]).toBeGreaterThan(CASES / 400);
});
