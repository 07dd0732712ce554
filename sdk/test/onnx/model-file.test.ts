import { describe, expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/onnx/index.js';
import { branching, chain, reshaped, residual } from './graphs.js';

function refusal(bytes: Uint8Array): { code: string; message: string; advice: string; offset: number } {
  try {
    readModel(bytes);
  } catch (error) {
    return error as ReturnType<typeof refusal>;
  }
  throw new Error('was accepted');
}

const text = (value: string) => new TextEncoder().encode(value);

describe('reading and writing', () => {
  test.each([chain, residual, reshaped, branching])('gives the same bytes again', (make) => {
    const bytes = writeModel(make());
    expect(writeModel(readModel(bytes))).toEqual(bytes);
  });

  test('keeps fields it does not know', () => {
    const plain = writeModel(chain());
    // Field 100, length-delimited, three bytes: as a later version of the format might add.
    const added = new Uint8Array([...plain, 0xa2, 0x06, 3, 1, 2, 3]);
    expect(writeModel(readModel(added))).toEqual(added);
  });
});

describe('refusing', () => {
  test('a file that ends early, at any byte', () => {
    const bytes = writeModel(chain());
    for (let length = 0; length < bytes.length; length++) {
      const found = refusal(bytes.subarray(0, length));
      expect(found.code).toBe('bad_onnx');
      expect(found.advice).not.toBe('');
    }
    expect(refusal(bytes.subarray(0, bytes.length - 1)).message).toMatch(/ends too early|names no operator set/);
  });

  test.each([
    ['an empty file', new Uint8Array(0), /empty/],
    ['a Git LFS pointer', text('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'), /Git LFS/],
    ['a zip archive', text('PK\x03\x04....'), /zip/],
    ['a web page', text('<!doctype html>'), /text file/],
    ['JSON', text('{"a": 1}'), /text file/],
    ['an .ort model', text('....ORTM'), /\.ort/],
    ['noise', Uint8Array.from({ length: 500 }, (_, i) => (i * 197 + 31) & 255), /not an ONNX|damaged|too early/],
  ])('%s', (_, bytes, pattern) => {
    const found = refusal(bytes);
    expect(found.code).toBe('bad_onnx');
    expect(found.message).toMatch(pattern);
  });

  test('a model with a damaged byte never throws anything but bad_onnx', () => {
    const bytes = writeModel(residual());
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] = damaged[at]! ^ 0x55;
      try {
        readModel(damaged);
      } catch (error) {
        expect((error as { code: string }).code).toBe('bad_onnx');
      }
    }
  });
});
