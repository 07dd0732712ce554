// A plain page without a bundler. Serve the repository root over HTTP and open examples/web/ in a browser.
import { decode, encode } from '../../sdk/dist/esm/entry/index.js';

const data = Float32Array.from({ length: 4096 }, (_, i) => Math.max(0, Math.sin(i / 9) * Math.cos(i / 200)));
const { bytes, report } = encode({ type: 'float32', data, dims: [1, 16, 16, 16] }, { budget: 'balanced' });
const back = decode(bytes);

document.querySelector('#out').textContent = [
  `${report.rawBytes} bytes became ${bytes.length} (${report.ratio.toFixed(1)} to 1) in ${report.microseconds.toFixed(0)} µs.`,
  `NRMSE ${report.nrmse.toFixed(4)}, ${back.size} values came back.`,
].join('\n');
