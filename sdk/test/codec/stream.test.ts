/** Streams: a setup, then bare bodies. */
import { describe, expect, test } from 'vitest';
import { SlicerError, StreamDecoder, StreamEncoder } from '../../dist/esm/entry/index.js';

const width = 64;
const options = { type: 'float32', dims: [16, width], step: 0.05 } as const;

/** Rows whose channels differ in size, as hidden states do. */
function rows(count: number, seed = 1): Float32Array {
  return Float32Array.from({ length: count * width }, (_, i) => Math.sin(i * 12.9898 + seed) * (1 + (i % 8)));
}

function code(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(SlicerError);
    return (error as SlicerError).code;
  }
  return 'nothing was thrown';
}

describe('a stream', () => {
  test('carries bodies of any number of rows', () => {
    const encoder = new StreamEncoder(options);
    const decoder = new StreamDecoder(encoder.setup);
    for (const count of [1, 16, 3, 0, 1]) {
      const data = rows(count, count);
      const back = decoder.decode(encoder.encode(data));
      expect(back).toMatchObject({ type: 'float32', dims: [count, width], size: count * width });
      for (let i = 0; i < data.length; i++) {
        expect(Math.abs(data[i] - (back.data as Float32Array)[i])).toBeLessThanOrEqual(0.05 / 2 + 1e-5);
      }
    }
  });

  test('the limits of a decoder hold for its bodies', () => {
    const encoder = new StreamEncoder({ ...options, dims: [1 << 14, width] });
    const decoder = new StreamDecoder(encoder.setup, { maxBytes: 1 << 21 });
    const body = encoder.encode(new Float32Array(width << 14));
    expect(code(() => decoder.decode(body))).toBe('limit_exceeded');
    expect(decoder.decode(body, { maxBytes: 1 << 26 }).size).toBe(width << 14);
  });

  test('a sample makes bodies smaller', () => {
    const plain = new StreamEncoder(options);
    const taught = new StreamEncoder({ ...options, sample: { data: rows(100), rows: 100 } });
    const data = rows(1, 9);
    expect(taught.encode(data).length).toBeLessThan(plain.encode(data).length);
    expect(new StreamDecoder(taught.setup).decode(taught.encode(data)).data).toEqual(
      new StreamDecoder(plain.setup).decode(plain.encode(data)).data,
    );
  });

  test('bodies are bare: no magic, no dims, no checksum unless asked for', () => {
    const encoder = new StreamEncoder(options);
    const checked = new StreamEncoder({ ...options, checksum: true });
    expect(checked.encode(rows(1)).length).toBe(encoder.encode(rows(1)).length + 4);
    const body = checked.encode(rows(1));
    body[2] ^= 1;
    expect(code(() => new StreamDecoder(checked.setup).decode(body))).toBe('checksum_mismatch');
  });

  test('writes into the caller’s buffers', () => {
    const encoder = new StreamEncoder(options);
    const decoder = new StreamDecoder(encoder.setup);
    const [body, back] = [new Uint8Array(4096), new Float32Array(16 * width)];
    const data = rows(2);
    const length = encoder.encodeInto(data, body);
    expect(body.slice(0, length)).toEqual(encoder.encode(data));
    expect(decoder.decodeInto(body.subarray(0, length), back).dims).toEqual([2, width]);
    expect(code(() => encoder.encodeInto(data, new Uint8Array(2)))).toBe('limit_exceeded');
  });

  test('survives a restart of the module', () => {
    const encoder = new StreamEncoder(options);
    const decoder = new StreamDecoder(encoder.setup);
    const before = encoder.encode(rows(1));
    (decoder as unknown as { handle: { handle: number } }).handle.handle = 0xfffffff0;
    expect(code(() => decoder.decode(before))).toBe('internal');
    expect(decoder.decode(before).dims).toEqual([1, width]);
    expect(decoder.decode(encoder.encode(rows(1))).data).toEqual(decoder.decode(before).data);
  });

  test.each<[string, () => unknown, string]>([
    ['no step', () => new StreamEncoder({ ...options, step: 0 }), 'invalid_option'],
    ['a misspelt option', () => new StreamEncoder({ ...options, chcksum: true } as typeof options), 'invalid_option'],
    ['a strange shape', () => new StreamEncoder({ ...options, shape: 7 as 3 }), 'invalid_option'],
    ['rank 0', () => new StreamEncoder({ ...options, dims: [] }), 'bad_dims'],
    ['too many rows', () => new StreamEncoder(options).encode(rows(17)), 'invalid_tensor'],
    ['half a row', () => new StreamEncoder(options).encode(rows(1).subarray(1)), 'invalid_tensor'],
    ['another type', () => new StreamEncoder(options).encode(new Int8Array(width)), 'invalid_tensor'],
    ['NaN', () => new StreamEncoder(options).encode(rows(1).fill(Number.NaN, 3, 4)), 'non_finite'],
    [
      'a sample of another width',
      () => new StreamEncoder({ ...options, sample: { data: rows(1), rows: 2 } }),
      'invalid_tensor',
    ],
    ['a setup that ends early', () => new StreamDecoder(new StreamEncoder(options).setup.subarray(0, 9)), 'truncated'],
    ['an empty body', () => new StreamDecoder(new StreamEncoder(options).setup).decode(new Uint8Array(0)), 'truncated'],
  ])('refuses %s', (_, action, expected) => {
    expect(code(action)).toBe(expected);
  });
});
