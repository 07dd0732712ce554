/** The native build against the WASM build: the same frames, the same tensors, bit for bit. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { decode, type EncodeOptions, encode, SlicerError, type Tensor } from 'slicer-codec';
import { expect, test } from 'vitest';
import { SLOT } from '../../sdk/dist/esm/codec/abi.js';
import { writeEncodeOptions } from '../../sdk/dist/esm/codec/options.js';
import { dtypeCode } from '../../sdk/dist/esm/codec/tensor.js';
import { settings } from '../hosts/settings.ts';
import { jobs } from '../suite/options.ts';
import { bytesOf, cook } from '../suite/tensors.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const REFUSED = 0xffffffff;

function block(bytes: Uint8Array | undefined): Uint8Array[] {
  return [new Uint8Array(Uint32Array.of(bytes?.length ?? REFUSED).buffer), bytes ?? new Uint8Array(0)];
}

function record(tensor: Tensor, options: EncodeOptions): Uint8Array[] {
  const slots = new Float64Array(64);
  slots[SLOT.dtype] = dtypeCode(tensor.type);
  slots[SLOT.rank] = tensor.dims.length;
  slots.set(tensor.dims, SLOT.dims);
  writeEncodeOptions(options, slots, 0);
  const frame = tryEncode(tensor, options);
  const back = frame && bytesOf(decode(frame).data);
  return [bytesOf(slots), ...block(bytesOf(tensor.data)), ...block(frame), ...block(back)];
}

/** Whatever the WASM build refuses, the native one must refuse too; why is for the laws to judge. */
function tryEncode(tensor: Tensor, options: EncodeOptions): Uint8Array | undefined {
  try {
    return encode(tensor, options).bytes;
  } catch (error) {
    if (error instanceof SlicerError) return undefined;
    throw error;
  }
}

test('native and WASM builds agree', { timeout: 600_000 }, () => {
  const { seed, runs } = settings((name) => process.env[name], 2000);
  const cases = fc.sample(jobs, { seed, numRuns: runs });
  const folder = mkdtempSync(join(tmpdir(), 'slicer-native-'));
  try {
    const file = join(folder, 'cases.bin');
    writeFileSync(file, Buffer.concat(cases.flatMap(({ recipe, options }) => record(cook(recipe), options))));
    const cargo = ['run', '--release', '--quiet', '--package', 'slicer-wasm', '--example', 'replay', '--', file];
    const output = execFileSync('cargo', cargo, { cwd: root, encoding: 'utf8' });
    expect(output).toContain(`${runs} cases, 0 differ`);
    console.log(`property cases: ${runs}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
