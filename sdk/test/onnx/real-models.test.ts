/**
 * Real models, where they are at hand: `SLICER_MODELS=DIR` names a folder with efficientnet_lite0.onnx and
 * efficientnet_lite0.cuts.json (see bench/models).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadModel, splitFile, surveyCuts, writeModel } from '../../src/onnx/index.js';

const folder = process.env.SLICER_MODELS ?? '';
const path = join(folder, 'efficientnet_lite0.onnx');
const listed = join(folder, 'efficientnet_lite0.cuts.json');

describe.skipIf(!folder || !existsSync(path))('EfficientNet-Lite0', () => {
  test('the file comes out byte for byte', async () => {
    const { bytes, model } = await loadModel(path);
    expect(Buffer.compare(writeModel(model), bytes)).toBe(0);
  });

  test.skipIf(!existsSync(listed))(
    'its cuts are those listed, with sizes, bytes and compute',
    { timeout: 60_000 },
    async () => {
      const expected = JSON.parse(readFileSync(listed, 'utf8'));
      const { model } = await loadModel(path);
      const { cuts, macs, inputBytes } = await surveyCuts(model);
      expect(macs / 1e6).toBeCloseTo(expected.total_mmacs, 9);
      expect(inputBytes).toBe(expected.input_bytes);
      const found = cuts.map((cut) => [cut.name, cut.op, cut.dims.slice(1), cut.bytes, Math.round(cut.macsBefore)]);
      type Row = { name: string; op: string; shape: number[]; bytes: number; cum_mmacs: number };
      const rows = expected.cuts.map((row: Row) => [
        row.name,
        row.op,
        row.shape,
        row.bytes,
        Math.round(row.cum_mmacs * 1e6),
      ]);
      expect(found).toEqual(rows);
    },
  );

  test.each(['stem', 'b4', 'b10', 'b11_dw', 'pooled'])(
    'head and tail at %s are the model',
    { timeout: 60_000 },
    async (name) => {
      const out = mkdtempSync(join(tmpdir(), 'slicer-test-'));
      try {
        const { description } = await splitFile(path, name, out);
        expect(description.verification).toMatchObject({ ok: true });
      } finally {
        rmSync(out, { recursive: true, force: true });
      }
    },
  );
});
