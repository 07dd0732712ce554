/** Tensors that are written where the module reads them, and read where it writes them. */
import { expect, test } from 'vitest';
import { Decoder, Encoder, StreamDecoder, StreamEncoder } from '../../dist/esm/entry/index.js';

const ramp = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i / 3) * (1 + (i % 5)));

test('an input filled inside WASM gives the same frame', () => {
  const encoder = new Encoder();
  const values = ramp(6 * 64);
  const options = { budget: { step: 0.1 }, report: false };
  const dims = [6, 64];
  const copied = encoder.encode({ type: 'float32', data: values, dims }, options).bytes;
  const inside = encoder.input('float32', values.length) as Float32Array;
  inside.set(values);
  const { bytes } = encoder.encode({ type: 'float32', data: inside, dims }, options);
  expect(bytes).toEqual(copied);
  // Another encoder's input is data like any other.
  const other = new Encoder().encode({ type: 'float32', data: refill(encoder, values), dims }, options).bytes;
  expect(other).toEqual(copied);
});

function refill(encoder: Encoder, values: Float32Array): Float32Array {
  const inside = encoder.input('float32', values.length) as Float32Array;
  inside.set(values);
  return inside;
}

test('decodeView gives the values without a copy', () => {
  const data = ramp(4096);
  const { bytes } = new Encoder().encode({ type: 'float32', data, dims: [16, 256] }, { budget: { step: 0.05 } });
  const decoder = new Decoder();
  const copy = decoder.decode(bytes);
  const view = decoder.decodeView(bytes);
  expect(view.dims).toEqual([16, 256]);
  expect(view.data).toEqual(copy.data);
  expect(view.data.buffer.byteLength).toBeGreaterThan(view.data.byteLength);
});

test('a stream takes its rows from inside, and its memory does not grow', () => {
  const codec = pair();
  const row = ramp(576);
  const expected = codec.encoder.encode(row);
  let heap = 0;
  for (let i = 0; i < 2000; i++) {
    const inside = codec.encoder.input(1) as Float32Array;
    inside.set(row);
    const body = codec.encoder.encode(inside);
    if (i === 0) expect(body).toEqual(expected);
    const { data } = codec.decoder.decodeView(body);
    if (i === 100) heap = data.buffer.byteLength;
    if (i > 100) expect(data.buffer.byteLength).toBe(heap);
  }
});

function pair(): { encoder: StreamEncoder; decoder: StreamDecoder } {
  const encoder = new StreamEncoder({ type: 'float32', dims: [1, 576], step: 0.1 });
  return { encoder, decoder: new StreamDecoder(encoder.setup) };
}

test.each([-1, 1.5, 2 ** 31, Number.NaN])('an input of %s values is refused', (size) => {
  expect(() => new Encoder().input('float32', size)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
});

test('an array that the memory has left behind is refused', () => {
  const encoder = new Encoder();
  const early = encoder.input('float32', 16);
  encoder.input('float32', 1 << 22);
  if (early.byteLength > 0) return;
  expect(() => encoder.encode({ type: 'float32', data: early, dims: [16] }, { budget: { step: 1 } })).toThrow(
    expect.objectContaining({ code: 'invalid_tensor' }),
  );
});
