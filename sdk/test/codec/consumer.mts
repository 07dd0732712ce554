/** Compiled, never run: an ESM application against the declarations of every entry. */
import {
  type DecodedTensor,
  decode,
  type EncodeReport,
  Encoder,
  encode,
  init,
  SlicerError,
  type Tensor,
} from 'slicer-codec';
import { Decoder, StreamDecoder } from 'slicer-codec/decode';
import { createPool, type Pool } from 'slicer-codec/pool';
import { createCodec } from 'slicer-codec/slim';

export async function use(tensor: Tensor): Promise<[DecodedTensor, EncodeReport]> {
  await init();
  const { bytes, report } = encode(tensor, { budget: { nrmse: 0.1 }, granularity: 'row' });
  const encoder: Encoder = new Encoder();
  encoder.encodeInto(tensor, { budget: 'small', mode: 'slicer' }, bytes);
  const decoder: Decoder = new Decoder();
  decoder.free();
  new StreamDecoder(bytes, { maxBytes: 1 }).free();
  // @ts-expect-error: a budget is required
  encode(tensor, {});
  // @ts-expect-error: the method needs a distortion
  encode(tensor, { budget: { keep: 0.5 } });
  const pool: Pool = createPool({ worker: () => new Worker('/worker.js', { type: 'module' }), size: 2 });
  const packed = await pool.encodeAsync(
    tensor,
    { budget: 'small' },
    { transfer: true, signal: AbortSignal.timeout(9) },
  );
  await pool.decodeAsync(packed.bytes);
  await pool.close();
  const own = createCodec();
  await own.init(new URL('https://example.org/simd.wasm'));
  return [decode(bytes), report];
}

export const isOurs = (error: unknown): error is SlicerError => error instanceof SlicerError;
