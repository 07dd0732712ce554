/** .npy files: what NumPy writes is read, what we write is what NumPy writes, and every fault has its error. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SlicerError } from '../../src/codec/errors.js';
import type { DType } from '../../src/codec/types.js';
import { readNpy, writeNpy } from '../../src/npy/index.js';

/** A file with a header of our choice. */
function file(dict: string, data: readonly number[] = [], version = 1): Uint8Array {
  const text = new TextEncoder().encode(dict);
  const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, ...length, ...text, ...data]);
}

function failure(bytes: Uint8Array, dtype?: DType): SlicerError {
  try {
    readNpy(bytes, { dtype });
  } catch (error) {
    if (error instanceof SlicerError) return error;
    throw error;
  }
  throw new Error('it was read');
}

const WIDTHS: Record<DType, number> = { float32: 4, float16: 2, bfloat16: 2, int8: 1, uint8: 1, int16: 2, int32: 4 };

describe('.npy', () => {
  test('numpy.save of np.arange(6, dtype="int16").reshape(2, 3), byte for byte', () => {
    const dict = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117);
    const want = file(`${dict}\n`, [0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0]);
    expect(want.length).toBe(128 + 12);
    const tensor = { type: 'int16' as const, data: Int16Array.from([0, 1, 2, 3, 4, 5]), dims: [2, 3] };
    expect(writeNpy(tensor)).toEqual(want);
    expect(readNpy(want)).toEqual({ ...tensor, size: 6 });
  });

  test('round trip of every type and rank, aligned or not', () => {
    const types = Object.keys(WIDTHS) as DType[];
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.array(fc.nat({ max: 3 }), { maxLength: 8 }),
        fc.nat({ max: 7 }),
        (type, dims, shift) => {
          const size = dims.reduce((n, d) => n * d, 1);
          const bits = Uint8Array.from({ length: size * WIDTHS[type] }, (_, i) => i * 37);
          const npy = writeNpy({ type, data: bits, dims });
          expect(npy.length % 64).toBe(bits.length % 64);
          const shifted = new Uint8Array(npy.length + shift);
          shifted.set(npy, shift);
          const got = readNpy(shifted.subarray(shift), type === 'bfloat16' ? { dtype: type } : {});
          expect([got.type, got.dims, got.size]).toEqual([type, dims, size]);
          expect(new Uint8Array(got.data.buffer, got.data.byteOffset, got.data.byteLength)).toEqual(bits);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("Node's Buffer, whose slice() does not copy", () => {
    const npy = writeNpy({ type: 'float32', data: Float32Array.of(1, 2, 3), dims: [3] });
    for (let shift = 0; shift < 4; shift++) {
      const got = readNpy(Buffer.concat([Buffer.alloc(shift), npy]).subarray(shift));
      expect([...got.data]).toEqual([1, 2, 3]);
    }
  });

  test('headers of other writers', () => {
    for (const dict of [
      "{'shape': (2,), 'fortran_order': False, 'descr': '|u1'}",
      '{"descr":"|u1","fortran_order":False,"shape":(2,)}\n',
      "{'descr': '>u1', 'fortran_order': True, 'shape': (1, 2L), }",
    ]) {
      for (const version of [1, 2, 3]) expect([...readNpy(file(dict, [7, 8], version)).data]).toEqual([7, 8]);
    }
  });

  test('bfloat16 must be asked for', () => {
    for (const descr of ['<V2', '|V2', '<u2']) {
      const npy = file(`{'descr': '${descr}', 'fortran_order': False, 'shape': (1,), }`, [0x80, 0x3f]);
      expect(failure(npy)).toMatchObject({
        code: 'unsupported_dtype',
        advice: expect.stringContaining('--dtype bfloat16'),
      });
      expect(readNpy(npy, { dtype: 'bfloat16' })).toMatchObject({ type: 'bfloat16', data: Uint16Array.of(0x3f80) });
    }
    const f4 = file("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", [0, 0, 0, 0]);
    expect(failure(f4, 'bfloat16').code).toBe('unsupported_dtype');
  });

  test.each([
    ['<f8', 'float64'],
    ['<i8', 'int64'],
    ['<u4', 'uint32'],
    ['|b1', 'bool'],
    ['<c8', 'complex64'],
    ['>f4', 'big-endian float32'],
    ['|O', 'object'],
    ['<U5', 'unicode text'],
    ['<M8[ns]', 'datetime64'],
  ])('%s is refused by name', (descr, name) => {
    const error = failure(
      file(`{'descr': '${descr}', 'fortran_order': False, 'shape': (), }`, [0, 0, 0, 0, 0, 0, 0, 0]),
    );
    expect(error.code).toBe('unsupported_dtype');
    expect(error.message).toContain(name);
    expect(error.advice).not.toBe('');
  });

  test.each<[string, Uint8Array, string]>([
    ['not .npy', Uint8Array.from([1, 2, 3]), 'bad_npy'],
    ['empty', new Uint8Array(0), 'truncated'],
    ['version 4', file('{}', [], 4), 'bad_npy'],
    ['structured', file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"), 'unsupported_dtype'],
    [
      'Fortran order',
      file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", [1, 2, 3, 4]),
      'fortran_order',
    ],
    ['rank 9', file("{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", [1]), 'bad_dims'],
    ['negative', file("{'descr': '|u1', 'fortran_order': False, 'shape': (-1,), }"), 'bad_npy'],
    ['no shape', file("{'descr': '|u1', 'fortran_order': False}"), 'bad_npy'],
    ['shape twice', file("{'descr': '|u1', 'shape': (), 'shape': (), 'fortran_order': False}"), 'bad_npy'],
    ['unknown key', file("{'descr': '|u1', 'shape': (), 'x': 1, 'fortran_order': False}"), 'bad_npy'],
    ['no dictionary', file('hello'), 'bad_npy'],
    ['text after it', file("{'descr': '|u1', 'fortran_order': False, 'shape': ()} x", [1]), 'bad_npy'],
    ['short data', file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", [1, 2, 3, 4]), 'truncated'],
    ['long data', file("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", [1, 2, 3]), 'bad_npy'],
    [
      'a product beyond 2^53',
      file("{'descr': '|u1', 'fortran_order': False, 'shape': (9007199254740991, 9007199254740991), }"),
      'truncated',
    ],
    [
      'a header of four gigabytes',
      Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, 255, 255, 255, 255]),
      'limit_exceeded',
    ],
  ])('%s', (_, bytes, code) => {
    expect(failure(bytes).code).toBe(code);
  });

  test('every prefix is truncated', () => {
    const npy = writeNpy({ type: 'float32', data: new Float32Array(6), dims: [2, 3] });
    for (let n = 0; n < npy.length; n++) expect(failure(npy.subarray(0, n)).code, `${n} bytes`).toBe('truncated');
  });

  test('changed headers never throw anything but SlicerError', () => {
    const npy = writeNpy({ type: 'float32', data: new Float32Array(6), dims: [2, 3] });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 80 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
        (edits) => {
          const changed = npy.slice();
          for (const [at, value] of edits) changed[at] = value;
          try {
            readNpy(changed);
          } catch (error) {
            if (!(error instanceof SlicerError)) throw error;
          }
        },
      ),
      { numRuns: 20_000 },
    );
  });
});
