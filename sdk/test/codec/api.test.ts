/** The API as callers see it: shapes, options, errors with advice. */
import { describe, expect, test } from 'vitest';
import {
  Decoder,
  decode,
  type EncodeOptions,
  Encoder,
  encode,
  inspect,
  SlicerError,
  type Tensor,
} from '../../dist/esm/entry/index.js';

const data = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i / 5) * (1 + (i % 7)));
const tensor: Tensor = { type: 'float32', data, dims: [2, 3, 10, 10] };

function failure(action: () => unknown): SlicerError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(SlicerError);
    expect((error as SlicerError).advice).not.toBe('');
    return error as SlicerError;
  }
  throw new Error('nothing was thrown');
}

describe('encode', () => {
  test('reports what it did', () => {
    const { bytes, report } = encode(tensor, { budget: { nrmse: 0.05 } });
    expect(report.bytes).toBe(bytes.length);
    expect(report.rawBytes).toBe(2400);
    expect(report.ratio).toBeCloseTo(2400 / bytes.length);
    expect(report.bitsPerValue).toBeCloseTo((8 * bytes.length) / 600);
    expect(report.nrmse).toBeLessThanOrEqual(0.05);
    expect(report.nrmse).toBeGreaterThan(0);
    expect(report.layout).toEqual({ rows: 2, channels: 3, height: 10, width: 10 });
    expect(Object.values(report.sections).reduce((a, b) => a + b, 0)).toBe(bytes.length);
    expect(report.microseconds).toBeGreaterThan(0);
    expect(report.mode).not.toBe('auto');
  });

  test.each<[string, unknown, string]>([
    ['no options', undefined, 'invalid_budget'],
    ['no budget', {}, 'invalid_budget'],
    ['an empty budget', { budget: {} }, 'invalid_budget'],
    ['two budgets', { budget: { nrmse: 0.1, bytes: 100 } }, 'invalid_budget'],
    ['an unknown preset', { budget: 'tiny' }, 'invalid_budget'],
    ['an unknown budget', { budget: { psnr: 40 } }, 'invalid_budget'],
    ['a negative error', { budget: { nrmse: -1 } }, 'invalid_budget'],
    ['NaN', { budget: { maxError: Number.NaN } }, 'invalid_budget'],
    ['a number as text', { budget: { bytes: '100' } }, 'invalid_budget'],
    ['lossless: false', { budget: { lossless: false } }, 'invalid_budget'],
    ['an unknown mode', { budget: 'small', mode: 'zip' }, 'invalid_option'],
    ['an unknown effort', { budget: 'small', effort: 'max' }, 'invalid_option'],
    ['an unknown option', { budget: 'small', quality: 3 }, 'invalid_option'],
  ])('refuses %s', (_, options, code) => {
    expect(failure(() => encode(tensor, options as EncodeOptions)).code).toBe(code);
  });

  test.each<[string, unknown, string]>([
    ['null', null, 'invalid_tensor'],
    ['an unknown type', { type: 'float64', data: new Float64Array(1), dims: [1] }, 'invalid_tensor'],
    ['data of another type', { type: 'float32', data: new Int32Array(1), dims: [1] }, 'invalid_tensor'],
    ['too few elements', { type: 'int8', data: new Int8Array(5), dims: [2, 3] }, 'invalid_tensor'],
    ['a negative dim', { type: 'int8', data: new Int8Array(0), dims: [-1] }, 'bad_dims'],
    ['a broken dim', { type: 'int8', data: new Int8Array(1), dims: [1.5] }, 'bad_dims'],
    ['rank 9', { type: 'int8', data: new Int8Array(1), dims: [1, 1, 1, 1, 1, 1, 1, 1, 1] }, 'bad_dims'],
  ])('refuses %s', (_, bad, code) => {
    expect(failure(() => encode(bad as Tensor, { budget: 'balanced' })).code).toBe(code);
  });

  test('names the smallest size when a cap cannot be met', () => {
    const error = failure(() => encode(tensor, { budget: { bytes: 3 } }));
    expect(error.code).toBe('budget_unreachable');
    const smallest = Number(/(\d+) bytes/.exec(error.message)?.[1]);
    expect(encode(tensor, { budget: { bytes: smallest } }).bytes.length).toBeLessThanOrEqual(smallest);
  });

  test('takes views into larger buffers', () => {
    const view = data.subarray(100, 200);
    const back = decode(encode({ type: 'float32', data: view, dims: [100] }, { budget: { lossless: true } }).bytes);
    expect(back.data).toEqual(view.slice());
  });
});

describe('decode', () => {
  const { bytes } = encode(tensor, { budget: 'balanced' });

  test('has the shape of an ONNX Runtime tensor', () => {
    const back = decode(bytes);
    expect(back).toMatchObject({ type: 'float32', dims: [2, 3, 10, 10], size: 600 });
    expect(back.data).toBeInstanceOf(Float32Array);
  });

  test('its result outlives later calls', () => {
    const back = decode(bytes);
    const copy = back.data.slice();
    encode(
      { type: 'uint8', data: new Uint8Array(5_000_000).fill(7), dims: [5_000_000] },
      { budget: { lossless: true } },
    );
    expect(back.data).toEqual(copy);
  });

  test('takes an ArrayBuffer and a view with an offset', () => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decode(shifted.subarray(3)).data).toEqual(decode(bytes.slice().buffer).data);
  });

  test.each<[string, (b: Uint8Array) => unknown, string]>([
    ['nothing', () => new Uint8Array(0), 'truncated'],
    ['another format', () => new TextEncoder().encode('PNG, or so'), 'bad_magic'],
    ['half a frame', (b) => b.subarray(0, b.length >> 1), 'truncated'],
    ['a later draft', (b) => b.with(5, 99), 'unsupported_version'],
    ['a flipped bit in the payload', (b) => b.with(b.length - 9, b[b.length - 9] ^ 1), 'checksum_mismatch'],
    ['more than a frame', (b) => Uint8Array.of(...b, 0), 'trailing_bytes'],
    ['text', () => 'SLCF', 'invalid_option'],
  ])('refuses %s', (_, damage, code) => {
    expect(failure(() => decode(damage(bytes.slice()) as Uint8Array)).code).toBe(code);
  });

  test('keeps its limits', () => {
    expect(failure(() => decode(bytes, { maxBytes: 100 })).code).toBe('limit_exceeded');
    expect(failure(() => decode(bytes, { maxWork: 10 })).code).toBe('limit_exceeded');
    expect(failure(() => decode(bytes, { maxBytes: -1 })).code).toBe('invalid_option');
    expect(decode(bytes, { maxBytes: 1e6, maxWork: 1e6 }).size).toBe(600);
  });
});

describe('inspect', () => {
  test('names every byte once', () => {
    const { bytes } = encode(tensor, { budget: 'balanced' });
    const info = inspect(bytes);
    expect(info).toMatchObject({ version: 0, type: 'float32', dims: [2, 3, 10, 10], size: 600, bytes: bytes.length });
    const sorted = info.entries.filter((e) => e.end > e.start).sort((a, b) => a.start - b.start);
    let at = 0;
    for (const { start, end } of sorted) {
      expect(start).toBe(at);
      at = end;
    }
    expect(at).toBe(bytes.length);
  });
});

describe('reuse', () => {
  test('encoders and decoders write into the caller’s arrays without growing the memory', () => {
    const [encoder, decoder] = [new Encoder(), new Decoder()];
    const [frame, back] = [new Uint8Array(4096), new Float32Array(600)];
    const memory = (encoder as unknown as { handle: { engine: { exports(): { memory: WebAssembly.Memory } } } }).handle
      .engine;
    let length = 0;
    let size = 0;
    for (let i = 0; i < 200; i++) {
      if (i === 5) size = memory.exports().memory.buffer.byteLength;
      length = encoder.encodeInto(tensor, { budget: { nrmse: 0.02 } }, frame);
      expect(decoder.decodeInto(frame.subarray(0, length), back)).toEqual({
        type: 'float32',
        dims: [2, 3, 10, 10],
        size: 600,
      });
    }
    expect(memory.exports().memory.buffer.byteLength).toBe(size);
    expect(encoder.report().bytes).toBe(length);
    encoder.free();
    decoder.free();
    expect(encoder.encode(tensor, { budget: 'small' }).bytes.length).toBeGreaterThan(0);
  });

  test('a target that is too small is an error', () => {
    const { bytes } = encode(tensor, { budget: 'balanced' });
    expect(failure(() => new Encoder().encodeInto(tensor, { budget: 'balanced' }, new Uint8Array(9))).code).toBe(
      'limit_exceeded',
    );
    expect(failure(() => new Decoder().decodeInto(bytes, new Float32Array(599))).code).toBe('limit_exceeded');
  });
});
