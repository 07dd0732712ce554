/** Starting, restarting, and where the WASM may come from. */
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { createCodec, type DecodedTensor, SlicerError } from '../../dist/esm/codec/public.js';
import * as full from '../../dist/esm/entry/index.js';
import * as slim from '../../dist/esm/entry/slim.js';

const wasm = (name: string) => readFileSync(new URL(`../../dist/wasm/${name}.wasm`, import.meta.url));
const tensor = { type: 'float32', data: new Float32Array([1, -2, 3]), dims: [3] } as const;
const lossless = { budget: { lossless: true } } as const;

function roundTrip(codec: Pick<typeof full, 'encode' | 'decode'>): DecodedTensor {
  return codec.decode(codec.encode(tensor, lossless).bytes);
}

describe('start', () => {
  test('the first call starts the built-in WASM', () => {
    expect(roundTrip(full).data).toEqual(tensor.data);
  });

  test('init may be called twice, before and after', async () => {
    await Promise.all([full.init(), full.init()]);
    await full.init();
    expect(roundTrip(full).dims).toEqual([3]);
  });

  test('without WASM the first call says what to do', () => {
    expect(() => slim.decode(new Uint8Array(4))).toThrow(expect.objectContaining({ code: 'invalid_option' }));
    expect(() => slim.decode(new Uint8Array(4))).toThrow(
      expect.objectContaining({ advice: expect.stringContaining('init') }),
    );
  });

  test.each([
    ['bytes', () => wasm('scalar')],
    ['an ArrayBuffer', () => new Uint8Array(wasm('scalar')).buffer],
    ['a module', () => new WebAssembly.Module(wasm('simd'))],
    ['a Response', () => new Response(new Uint8Array(wasm('simd')))],
    ['a promise', () => Promise.resolve(new Uint8Array(wasm('scalar')))],
    ['a URL', () => new URL(`data:application/wasm;base64,${wasm('simd').toString('base64')}`)],
  ])('init takes %s', async (_, source) => {
    const codec = createCodec();
    await codec.init(source());
    expect(roundTrip(codec).size).toBe(3);
  });

  test('a failed init can be tried again', async () => {
    const codec = createCodec();
    await expect(codec.init(new Uint8Array([1, 2, 3]))).rejects.toThrow();
    await codec.init(wasm('scalar'));
    expect(roundTrip(codec).size).toBe(3);
  });

  test('the decoder-only build refuses to encode', async () => {
    const codec = createCodec();
    await codec.init(wasm('decode-simd'));
    expect(codec.decode(full.encode(tensor, lossless).bytes).data).toEqual(tensor.data);
    expect(() => codec.encode(tensor, lossless)).toThrow(expect.objectContaining({ code: 'unsupported_feature' }));
  });

  test('hosts without SIMD128 get the scalar build', () => {
    const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    const compiled = vi.spyOn(WebAssembly, 'Module');
    const inline = { scalar: wasm('scalar').toString('base64'), simd: 'AA==' };
    const codec = createCodec(inline);
    validate.mockClear();
    expect(roundTrip(codec).size).toBe(3);
    expect(validate).toHaveBeenCalledOnce();
    compiled.mockRestore();
    validate.mockRestore();
  });
});

describe('after a trap', () => {
  test('the module is started anew and everything works again', () => {
    const encoder = new full.Encoder();
    const decoder = new full.Decoder();
    const { bytes } = encoder.encode(tensor, lossless);
    decoder.decode(bytes);
    // An address outside the memory stands in for a defect.
    (decoder as unknown as { handle: { handle: number } }).handle.handle = 0xfffffff0;
    const failure = catchError(() => decoder.decode(bytes));
    expect(failure).toBeInstanceOf(SlicerError);
    expect(failure.code).toBe('internal');
    expect(decoder.decode(bytes).data).toEqual(tensor.data);
    expect(encoder.encode(tensor, lossless).bytes).toEqual(bytes);
  });

  test('what belonged to the old instance is not freed in the new one', () => {
    const decoder = new full.Decoder();
    const { bytes } = full.encode(tensor, lossless);
    decoder.decode(bytes);
    (decoder as unknown as { handle: { handle: number } }).handle.handle = 0xfffffff0;
    expect(catchError(() => decoder.decode(bytes)).code).toBe('internal');
    decoder.free();
    expect(decoder.decode(bytes).data).toEqual(tensor.data);
  });
});

function catchError(action: () => unknown): SlicerError {
  try {
    action();
  } catch (error) {
    return error as SlicerError;
  }
  throw new Error('nothing was thrown');
}
