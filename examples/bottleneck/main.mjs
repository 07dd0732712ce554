// A learned bottleneck: the head ends in int8 symbols that follow a known prior, and sends more or fewer channels from frame
// to frame, as slimmable encoders do. The symbols come back exactly; how many bytes they take stands beside what the prior
// itself would allow, and beside general compressors. The codec is not told the prior: a frame carries tables of its own.
//
//   node examples/bottleneck/main.mjs [--json]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync } from 'node:zlib';
import { splitFile } from 'slicer-codec/onnx';
import { nodeRunner, SplitModel } from 'slicer-codec/runtime';
import { generator, node, weight, writeModel } from '../onnx-write.mjs';

const [CHANNELS, SIDE] = [32, 14];
const PLANE = SIDE * SIDE;
const WIDTHS = [4, 8, 16, 24, 32, 8, 32, 4];

/** The prior that training would have left: a Laplace distribution per channel, the first channels the widest. */
const SPREAD = Array.from({ length: CHANNELS }, (_, c) => (6 * Math.exp(-c / 7) + 0.25) / Math.SQRT2);

/** `z` and a width → the first channels of `z` as int8 (`symbols`) → what a decoder would start from. */
function bottleneck() {
  return writeModel({
    inputs: { z: ['float32', [1, CHANNELS, SIDE, SIDE]], width: ['int64', [1]] },
    outputs: { y: ['float32', [1, 1, SIDE, SIDE]] },
    nodes: [
      node('Slice', ['z', 'zero', 'width', 'one'], 'kept'),
      node('QuantizeLinear', ['kept', 'step', 'origin'], 'symbols'),
      node('DequantizeLinear', ['symbols', 'step', 'origin'], 'values'),
      node('ReduceMean', ['values'], 'y', { axes: [1], keepdims: 1 }),
    ],
    weights: [
      weight('zero', [1], BigInt64Array.of(0n)),
      weight('one', [1], BigInt64Array.of(1n)),
      weight('step', [], Float32Array.of(0.5)),
      weight('origin', [], new Int8Array(1)),
    ],
  });
}

/** A frame drawn from the prior; half a unit is one symbol. */
function drawFrame(random) {
  return Float32Array.from({ length: CHANNELS * PLANE }, (_, i) => {
    const u = random() - 0.5;
    return -0.5 * SPREAD[Math.floor(i / PLANE)] * Math.sign(u) * Math.log(1 - 2 * Math.abs(u));
  });
}

/** Bytes that an ideal coder with this very prior would take: −Σ log₂ p. */
function idealBytes(symbols) {
  const below = (x, b) => (x < 0 ? 0.5 * Math.exp(x / b) : 1 - 0.5 * Math.exp(-x / b));
  let bits = 0;
  for (const [i, k] of symbols.entries()) {
    const b = SPREAD[Math.floor(i / PLANE)];
    bits -= Math.log2(below(k + 0.5, b) - below(k - 0.5, b));
  }
  return bits / 8;
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'slicer-bottleneck-'));
  try {
    const path = join(folder, 'model.onnx');
    writeFileSync(path, bottleneck());
    await splitFile(path, 'symbols', join(folder, 'parts'), { inputShapes: { width: [1] }, verify: false });
    const whole = await nodeRunner(path);
    // Symbols are never rounded: the budget would be for floating-point tensors, of which none crosses here.
    const split = await SplitModel.open(join(folder, 'parts'), { encode: { budget: { nrmse: 0.1 } } });
    const random = generator(7);
    const rows = [];
    for (const channels of WIDTHS) {
      const feeds = {
        z: { type: 'float32', data: drawFrame(random), dims: [1, CHANNELS, SIDE, SIDE] },
        width: { type: 'int64', data: BigInt64Array.of(BigInt(channels)), dims: [1] },
      };
      const symbols = (await split.head.compute(feeds)).symbols;
      const { outputs, report } = await split.run(feeds);
      const wanted = (await whole.run(feeds)).y.data;
      const received = split.tail.unpack(split.head.pack({ symbols }).bytes).symbols;
      const raw = Buffer.from(symbols.data.buffer, symbols.data.byteOffset, symbols.data.byteLength);
      rows.push({
        channels,
        dims: received.dims,
        raw: raw.length,
        bytes: report.bytes,
        ideal: idealBytes(symbols.data),
        brotli: brotliCompressSync(raw).length,
        deflate: deflateRawSync(raw, { level: 9 }).length,
        codecMs: report.head.ms.codec + report.tail.ms.codec,
        exact: received.data.every((k, i) => k === symbols.data[i]) && outputs.y.data.every((y, i) => y === wanted[i]),
      });
    }
    await Promise.all([whole.close(), split.close()]);
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const rows = await main();
if (process.argv.includes('--json')) console.log(JSON.stringify(rows));
else {
  console.log('channels   int8 B   frame B   ÷ ideal   deflate B   brotli B   exact');
  for (const { channels, raw, bytes, ideal, deflate, brotli, exact } of rows) {
    const cells = [channels, raw, bytes, (bytes / ideal).toFixed(3), deflate, brotli, exact ? 'yes' : 'NO'];
    console.log(cells.map((cell, i) => String(cell).padStart([8, 9, 10, 10, 12, 11, 8][i])).join(''));
  }
  console.log(
    'Ideal: −Σ log₂ p under the prior itself, without any header. A frame carries its own tables and a checksum.',
  );
}
process.exitCode = rows.every((row) => row.exact) ? 0 : 1;
