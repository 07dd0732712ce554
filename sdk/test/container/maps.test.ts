/** MessagePack maps: what the subset allows, and bombs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SlicerError } from '../../src/codec/errors.js';
import { type ContainerMap, packMap, unpackMap } from '../../src/container/index.js';
import { map } from './model.js';

function failure(bytes: readonly number[] | Uint8Array): [string, number] {
  try {
    unpackMap(Uint8Array.from(bytes), 100);
  } catch (error) {
    if (error instanceof SlicerError) return [error.code, error.offset];
    throw error;
  }
  return ['none', -1];
}

/** A map { a: … } around the bytes of a value. */
function around(...value: number[]): number[] {
  return [0x81, 0xa1, 0x61, ...value];
}

describe('maps', () => {
  test('round trip', () => {
    fc.assert(
      fc.property(map, (m) => void expect(unpackMap(packMap(m), 0)).toEqual(m)),
      { numRuns: 1000 },
    );
  });

  test('the shortest map header is written', () => {
    expect([...packMap({})]).toEqual([0x80]);
    expect([...packMap({ a: 1 })]).toEqual([0x81, 0xa1, 0x61, 1]);
  });

  test('numbers of every width', () => {
    const numbers = [
      0,
      127,
      128,
      255,
      256,
      65_535,
      65_536,
      2 ** 32 - 1,
      2 ** 32,
      Number.MAX_SAFE_INTEGER,
      -1,
      -32,
      -33,
      -128,
    ];
    numbers.push(-129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1, Number.MIN_SAFE_INTEGER, 0.5, 1e300);
    expect(unpackMap(packMap({ numbers }), 0)).toEqual({ numbers });
    expect(unpackMap(Uint8Array.from(around(0xcf, 0, 0x1f, 255, 255, 255, 255, 255, 255)), 0)).toEqual({
      a: 2 ** 53 - 1,
    });
    expect(unpackMap(Uint8Array.from(around(0xd3, 255, 255, 255, 255, 255, 255, 255, 254)), 0)).toEqual({ a: -2 });
  });

  test.each<[string, number[], string, number]>([
    ['empty payload', [], 'bad_container', 100],
    ['not a map', [0x91, 1], 'bad_container', 100],
    ['a byte after the map', [0x80, 0], 'bad_container', 101],
    ['binary', around(0xc4, 1, 0), 'bad_container', 103],
    ['extension', around(0xd4, 0, 0), 'bad_container', 103],
    ['ext 8', around(0xc7, 1, 0x72, 0), 'bad_container', 103],
    ['the unused byte C1', around(0xc1), 'bad_container', 103],
    ['an integer key', [0x81, 1, 1], 'bad_container', 101],
    ['an empty key', [0x81, 0xa0, 1], 'bad_container', 101],
    ['__proto__', [0x81, 0xa9, ...new TextEncoder().encode('__proto__'), 0x80], 'bad_container', 101],
    ['a key twice', [0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2], 'bad_container', 104],
    ['a stray UTF-8 byte', around(0xa1, 0x80), 'bad_container', 103],
    ['a lone surrogate', around(0xa3, 0xed, 0xa0, 0x80), 'bad_container', 103],
    ['a byte order mark', around(0xa3, 0xef, 0xbb, 0xbf), 'bad_container', 103],
    ['NaN', around(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0), 'bad_container', 103],
    ['2^53', around(0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0), 'bad_container', 103],
    ['an array of four billion', around(0xdd, 255, 255, 255, 255), 'bad_container', 103],
    ['a map of four billion', [0xdf, 255, 255, 255, 255], 'bad_container', 100],
    ['a string of four billion', around(0xdb, 255, 255, 255, 255), 'bad_container', 103],
    ['a map that ends early', [0x82, 0xa1, 0x61, 1], 'bad_container', 100],
    ['nine deep', around(0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 1), 'limit_exceeded', 110],
  ])('%s', (_, bytes, code, offset) => {
    expect(failure(bytes)).toEqual([code, offset]);
  });

  test('eight deep is allowed', () => {
    expect(failure(around(0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 1))).toEqual(['none', -1]);
  });

  test('bombs', () => {
    const many = new Uint8Array(1_000_000).fill(0xc0);
    many.set(around(0xdd, 0, 0x0f, 0x42, 0x40 - 8));
    expect(failure(many.subarray(0, 1_000_000))[0]).toBe('limit_exceeded');
    const deep = new Uint8Array(1_000_000).fill(0x91);
    deep.set(around());
    expect(failure(deep)[0]).toBe('limit_exceeded');
    expect(failure(new Uint8Array(1_048_577).fill(0x80))).toEqual(['limit_exceeded', 100]);
    // Arrays that each claim all the bytes that follow: every claim is plausible alone, the depth limit ends it.
    const claims: number[] = around();
    for (let i = 0; i < 1000; i++) claims.push(0xdc, 0, 200);
    expect(failure(claims)[0]).toBe('limit_exceeded');
  });

  test('random bytes never throw anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
        expect(['none', 'bad_container', 'limit_exceeded']).toContain(failure([0x82, ...tail])[0]);
      }),
      { numRuns: 20_000 },
    );
  });

  test.each<[string, unknown]>([
    ['a date', { a: new Date(0) }],
    ['bytes', { a: new Uint8Array(3) }],
    ['undefined', { a: undefined }],
    ['a bigint', { a: 2n ** 60n }],
    ['an unsafe integer', { a: 2 ** 53 }],
    ['infinity', { a: Number.POSITIVE_INFINITY }],
    ['a function', { a: () => 1 }],
    ['a key with a slash', { 'a/b': 1 }],
    ['a lone surrogate', { a: '\ud800' }],
    ['an array', [1]],
    ['nine deep', { a: [[[[[[[[1]]]]]]]] }],
  ])('%s cannot be packed', (_, value) => {
    expect(() => packMap(value as ContainerMap)).toThrowError(expect.objectContaining({ code: 'invalid_option' }));
  });

  test('a cycle cannot be packed', () => {
    const a: ContainerMap = {};
    a.a = a;
    expect(() => packMap(a)).toThrowError(expect.objectContaining({ code: 'invalid_option' }));
  });
});
