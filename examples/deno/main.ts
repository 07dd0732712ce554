/** The decoder-only entry in Deno: deno run --node-modules-dir=manual examples/deno/main.ts */
import { encode } from 'slicer-codec';
import { decode, inspect } from 'slicer-codec/decode';

const data = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i / 7));
const { bytes } = encode({ type: 'float32', data, dims: [10, 100] }, { budget: { maxError: 0.01 } });
const back = decode(bytes);
const worst = data.reduce((most, x, i) => Math.max(most, Math.abs(x - (back.data as Float32Array)[i])), 0);

console.log(`${bytes.length} bytes of ${data.byteLength}, largest error ${worst.toFixed(5)}`);
console.log(`${inspect(bytes).entries.length} fields`);
if (worst > 0.01) throw new Error('the budget was not kept');
