/** Files in and out: every bad input has its code and exit, and an output file is whole or as it was. */
import { existsSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/npy/index.js';
import { failure, report, slicer, workFolder } from './run.js';

const work = workFolder();
const inFolder = () => ({ cwd: work.folder });
let frame: Uint8Array;

/** A .npy file whose header says what we like. */
function npy(descr: string, order: 'True' | 'False', shape: string, data: number): Uint8Array {
  const dict = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, dict.length, 0]),
    Buffer.from(dict),
    Buffer.alloc(data),
  ]);
}

beforeAll(async () => {
  const data = Float32Array.from({ length: 512 }, (_, i) => Math.fround(Math.sin(i) * Math.exp(-i / 200)));
  writeFileSync(work.path('a.npy'), writeNpy({ type: 'float32', data, dims: [2, 4, 8, 8] }));
  await report(['encode', 'a.npy', 'good.slcr', '--nrmse', '0.05'], inFolder());
  // A copy: slice() of a Buffer is a view.
  frame = new Uint8Array(readFileSync(work.path('good.slcr')));
});

beforeEach(() => {
  writeFileSync(work.path('out'), 'as it was');
});

/** The command failed, so `out` must be as it was and nothing may lie beside it. */
function expectUntouched(): void {
  expect(readFileSync(work.path('out'), 'utf8')).toBe('as it was');
  expect(readdirSync(work.folder).filter((name) => name.endsWith('.part'))).toEqual([]);
}

describe('decode refuses', () => {
  const changed = (at: number, value: number) => {
    const bytes = frame.slice();
    bytes[at] = value;
    return bytes;
  };
  test.each<[string, () => Uint8Array, string]>([
    ['a file that is something else', () => Buffer.from('GIF89a'), 'bad_magic'],
    ['an empty file', () => new Uint8Array(0), 'truncated'],
    ['a magic cut in two', () => frame.subarray(0, 3), 'truncated'],
    ['another draft', () => changed(5, 99), 'unsupported_version'],
    ['a cut in the middle', () => frame.subarray(0, frame.length >> 1), 'truncated'],
    ['the last byte missing', () => frame.subarray(0, -1), 'truncated'],
    ['a changed payload', () => changed(frame.length - 8, frame[frame.length - 8] ^ 1), 'checksum_mismatch'],
    ['a byte too many', () => Buffer.concat([frame, Buffer.from([0])]), 'trailing_bytes'],
    ['a container of another draft', () => Buffer.from([0x53, 0x4c, 0x43, 0x52, 0, 9, 0, 0]), 'unsupported_version'],
    [
      'a container that needs a feature',
      () => Buffer.from([0x53, 0x4c, 0x43, 0x52, 0, 1, 4, 0]),
      'unsupported_feature',
    ],
    ['a container that ends', () => Buffer.from([0x53, 0x4c, 0x43, 0x52, 0, 1, 0, 0, 1]), 'truncated'],
  ])('%s', async (_, make, code) => {
    writeFileSync(work.path('bad.slcr'), make());
    const error = await failure(['decode', 'bad.slcr', 'out'], inFolder());
    expect(error).toMatchObject({ exit: 3, code });
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.advice).not.toBe('');
    expectUntouched();
    const inspected = await failure(['inspect', 'bad.slcr'], inFolder());
    expect(inspected.exit).toBe(3);
  });

  test('a tensor above --max-bytes', async () => {
    const error = await failure(['decode', 'good.slcr', 'out', '--max-bytes', '100'], inFolder());
    expect(error).toMatchObject({ exit: 4, code: 'limit_exceeded' });
    expectUntouched();
  });
});

describe('encode refuses', () => {
  test.each<[string, Uint8Array, string, string]>([
    ['what is no .npy file', Buffer.from('hello, world'), 'bad_npy', ''],
    ['float64', npy('<f8', 'False', '(2,)', 16), 'unsupported_dtype', 'float64'],
    ['int64', npy('<i8', 'False', '(2,)', 16), 'unsupported_dtype', 'int64'],
    ['bfloat16 that is not asked for', npy('<V2', 'False', '(2,)', 4), 'unsupported_dtype', 'void'],
    ['Fortran order', npy('<f4', 'True', '(2, 2)', 16), 'fortran_order', 'Fortran'],
    ['data that ends', npy('<f4', 'False', '(2, 2)', 15), 'truncated', '16'],
    ['data that goes on', npy('<f4', 'False', '(2, 2)', 17), 'bad_npy', ''],
    ['rank 9', npy('<f4', 'False', '(1,1,1,1,1,1,1,1,1)', 4), 'bad_dims', '8'],
  ])('%s', async (_, bytes, code, word) => {
    writeFileSync(work.path('bad.npy'), bytes);
    const error = await failure(['encode', 'bad.npy', 'out', '--lossless'], inFolder());
    expect(error).toMatchObject({ exit: 3, code, message: expect.stringContaining(word) });
    expect(error.advice).not.toBe('');
    expectUntouched();
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%s in a lossy mode, and keeps it in lossless', async (value) => {
    const data = Float32Array.of(1, value, -0);
    writeFileSync(work.path('n.npy'), writeNpy({ type: 'float32', data, dims: [3] }));
    const error = await failure(['encode', 'n.npy', 'out', '--nrmse', '0.1'], inFolder());
    expect(error).toMatchObject({ exit: 3, code: 'non_finite' });
    expectUntouched();
    await report(['encode', 'n.npy', 'n.slcr', '--lossless'], inFolder());
    await report(['decode', 'n.slcr', 'n2.npy'], inFolder());
    expect(readFileSync(work.path('n2.npy'))).toEqual(readFileSync(work.path('n.npy')));
  });
});

describe('paths', () => {
  test.each<[string, string[]]>([
    ['an input that is not there', ['encode', 'missing.npy', 'out', '--lossless']],
    ['an input that is a folder', ['inspect', '.']],
    ['an output in a folder that is not there', ['decode', 'good.slcr', 'no/such/out.npy']],
    ['an output that is a folder', ['decode', 'good.slcr', '.']],
    ['a model that is not there', ['split', 'missing.onnx', '--at', 'x', '-o', 'cut']],
  ])('%s', async (_, args) => {
    expect(await failure(args, inFolder())).toMatchObject({ exit: 2, code: 'io_error' });
    expectUntouched();
    expect(existsSync(work.path('cut'))).toBe(false);
  });

  test.skipIf(!existsSync('/dev/full'))('a full device', async () => {
    expect(await failure(['decode', 'good.slcr', '/dev/full'])).toMatchObject({ exit: 2, code: 'io_error' });
  });

  test.skipIf(!existsSync('/dev/null'))('a device is written to, not replaced', async () => {
    await report(['decode', 'good.slcr', '/dev/null'], inFolder());
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('a link stays a link', async () => {
    symlinkSync('out', work.path('link'));
    await report(['decode', 'good.slcr', 'link'], inFolder());
    expect(lstatSync(work.path('link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(work.path('out')).subarray(1, 6).toString()).toBe('NUMPY');
  });

  test('standard streams, with the report out of the way', async () => {
    const encoded = await slicer(['encode', '-', '-', '--nrmse', '0.05', '--json'], {
      input: readFileSync(work.path('a.npy')),
    });
    expect(encoded.code, encoded.stderr).toBe(0);
    expect(new Uint8Array(encoded.stdout)).toEqual(new Uint8Array(frame));
    expect(JSON.parse(encoded.stderr).report.bytes).toBe(frame.length);
    const decoded = await slicer(['decode', '-', '-', '--quiet'], { input: encoded.stdout });
    expect(decoded.code).toBe(0);
    expect(decoded.stderr).toBe('');
    const diff = await slicer(['diff', 'a.npy', '-', '--json'], { ...inFolder(), input: decoded.stdout });
    expect(JSON.parse(diff.stdout.toString()).nrmse).toBeLessThanOrEqual(0.05);
  });
});
