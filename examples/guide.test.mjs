// docs/guide-onnx.md, block by block, in an empty folder with the package as it would be published: the head in headless
// Chromium, the tail in Node.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser, openPage, runPage, SOFTWARE_GPU, shell } from '../scripts/lib/browser.mjs';
import { npmTool, root } from '../scripts/lib/paths.mjs';
import { run } from '../scripts/lib/run.mjs';
import { nodeRunner, openHead, openTail } from '../sdk/dist/esm/runtime/index.js';
import { guideModel } from './guide-model.mjs';

const guide = readFileSync(join(root, 'docs/guide-onnx.md'), 'utf8');
const blocks = [...guide.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(([, kind, name, text]) => ({
  kind,
  name,
  text,
}));
const commands = blocks.filter((block) => block.kind === 'sh').flatMap((block) => block.text.trim().split('\n'));
/** What the package and the guide need, from this checkout's own packages. */
const NEEDED = ['@bufbuild/protobuf', 'commander', 'msgpackr', 'onnxruntime-node', 'onnxruntime-common'];
const ALSO = ['onnxruntime-web', 'esbuild'];

let folder;
const ran = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slicer-guide-'));
  const { output } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: join(root, 'sdk') });
  const packed = join(folder, output.trim().split('\n').at(-1));
  mkdirSync(join(folder, 'node_modules/slicer-codec'), { recursive: true });
  await run('tar', ['-xzf', packed, '-C', join(folder, 'node_modules/slicer-codec'), '--strip-components=1']);
  for (const name of [...NEEDED, ...ALSO]) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'dir');
  }
  writeFileSync(join(folder, 'model.onnx'), guideModel());
  for (const { name, text } of blocks.filter((block) => block.name)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const slicer = 'node_modules/slicer-codec/dist/esm/cli/slicer.js';
  const programs = { slicer: ['node', slicer], esbuild: [npmTool('esbuild')] };
  for (const command of commands) {
    const [npx, program, ...args] = command.split(' ');
    expect([npx, Object.keys(programs)]).toEqual(['npx', expect.arrayContaining([program])]);
    const [start, ...first] = programs[program];
    ran.push((await run(start, [...first, ...args], { cwd: folder })).output);
  }
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const image = {
  type: 'float32',
  data: Float32Array.from({ length: 3 * 32 * 32 }, (_, i) => Math.sin(i / 40)),
  dims: [1, 3, 32, 32],
};

async function wholeScores() {
  const runner = await nodeRunner(join(folder, 'model.onnx'));
  const { scores } = await runner.run({ image });
  await runner.close();
  return [...scores.data];
}

describe('the guide', () => {
  test('lists the cuts and splits at the one it names', () => {
    expect(ran[0]).toMatch(/^\* pooled +MaxPool +float32 +1 × 16 × 8 × 8 +4,096 /m);
    expect(ran[1]).toMatch(/largest difference 0 of values up to/);
  });

  test('a plot without echarts is refused before the model is read', async () => {
    const args = ['node_modules/slicer-codec/dist/esm/cli/slicer.js', 'cuts', 'model.onnx', '--plot', 'cuts.svg'];
    const { code, output } = await run('node', args, { cwd: folder, allowFailure: true });
    expect(code).toBe(2);
    expect(output).toMatch(/invalid_option: --plot needs echarts[\s\S]*npm install echarts/);
    expect(readdirSync(folder)).not.toContain('cuts.svg');
  });

  test('finds a budget with both parts in one process', async () => {
    const { output } = await run('node', ['try.mjs'], { cwd: folder });
    const lines = output.trim().split('\n');
    const bytes = lines.map((line) => Number(/(\d+) bytes/.exec(line)[1]));
    expect(bytes).toEqual([...bytes].sort((a, b) => b - a));
    expect(bytes[3]).toBeLessThan(4096 / 10);
    const scores = (await wholeScores()).map((score) => score.toFixed(3)).join(' ');
    expect(lines[0].endsWith(scores)).toBe(true);
  });

  // On a build server a missing browser is a failure; elsewhere it is said and passed over.
  const browser = findBrowser('chromium');
  test.skipIf(!browser && process.env.CI !== 'true')(
    'head in Chromium, tail in Node',
    { timeout: 120_000 },
    async () => {
      expect(browser, 'Chromium is not installed').toBeTruthy();
      const server = spawn(process.execPath, ['server.mjs'], { cwd: folder, env: { ...process.env, PORT: '0' } });
      const lines = [];
      const errors = [];
      let woken = () => {};
      server.stderr.on('data', (piece) => errors.push(piece));
      let rest = '';
      server.stdout.on('data', (piece) => {
        const parts = (rest + piece).split('\n');
        rest = parts.pop();
        lines.push(...parts);
        woken();
      });
      const line = async (index) => {
        const late = AbortSignal.timeout(90_000);
        while (lines.length <= index) {
          if (late.aborted || server.exitCode !== null) throw new Error(`no line ${index}: ${errors.join('')}`);
          await new Promise((resolve) => {
            woken = resolve;
            setTimeout(resolve, 200);
          });
        }
        return lines[index];
      };
      let page;
      try {
        const url = await line(0);
        page = openPage('chromium', url);
        const answer = JSON.parse(await line(1));
        const whole = await wholeScores();
        expect(answer.bytes).toBeLessThan(4096 / 5);
        expect(answer.best).toBe(whole.indexOf(Math.max(...whole)));
        const error = Math.sqrt(answer.scores.reduce((sum, score, i) => sum + (score - whole[i]) ** 2, 0));
        expect(error).toBeLessThan(0.2 * Math.sqrt(whole.reduce((sum, score) => sum + score ** 2, 0)));
        expect(error).toBeGreaterThan(0);
        const refused = await fetch(`${url}tail`, { method: 'POST', body: new Uint8Array(8) });
        expect([refused.status, await refused.text()]).toEqual([400, 'bad_magic']);
      } finally {
        await page?.close();
        server.kill();
      }
    },
  );

  // A smoke test in Chromium's software GPU, which takes a busy machine a minute: SLICER_WEBGPU=1 asks for it. Where there
  // is no WebGPU the page says so and nothing is tested.
  test.skipIf(!browser || process.env.SLICER_WEBGPU !== '1')(
    'head on WebGPU',
    { timeout: 120_000 },
    async (context) => {
      writeFileSync(join(folder, 'gpu.js'), GPU_PAGE);
      await run(npmTool('esbuild'), ['gpu.js', '--bundle', '--format=esm', '--outfile=gpu.bundle.js'], { cwd: folder });
      const file = (type, path) => ({ type, path: join(folder, path) });
      const files = {
        '/': shell('/gpu.js'),
        '/gpu.js': file('text/javascript', 'gpu.bundle.js'),
        '/ort.wasm': file('application/wasm', 'node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm'),
        '/parts/cut.json': file('application/json', 'public/parts/cut.json'),
        '/parts/head.onnx': file('application/octet-stream', 'public/parts/head.onnx'),
      };
      const [found] = await runPage('chromium', { page: '/', files, timeout: 100_000, flags: SOFTWARE_GPU });
      if (found.error === 'no adapter') return context.skip('this Chromium has no WebGPU');
      expect(found.error).toBeUndefined();
      const parts = join(folder, 'public/parts');
      const [head, tail] = [await openHead(parts), await openTail(parts)];
      const wanted = (await head.compute({ image })).pooled.data;
      const got = tail.unpack(Uint8Array.from(found.bytes)).pooled.data;
      await Promise.all([head.close(), tail.close()]);
      expect(got.length).toBe(wanted.length);
      expect(Math.max(...got.map((x, i) => Math.abs(x - wanted[i])))).toBeLessThan(1e-4);
    },
  );
});

const GPU_PAGE = `
import * as ort from 'onnxruntime-web/webgpu';
import { openHead, webRunner } from 'slicer-codec/runtime';
const post = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify(body) });
try {
  if (!(await navigator.gpu?.requestAdapter())) throw new Error('no adapter');
  ort.env.wasm.wasmPaths = { wasm: '/ort.wasm' };
  ort.env.wasm.numThreads = 1;
  const runner = webRunner(ort, { session: { executionProviders: ['webgpu'] } });
  const head = await openHead('/parts/', { runner, encode: { budget: { lossless: true } } });
  const data = Float32Array.from({ length: 3 * 32 * 32 }, (_, i) => Math.sin(i / 40));
  const { bytes } = await head.run({ image: { type: 'float32', data, dims: [1, 3, 32, 32] } });
  await post('/result', { bytes: [...bytes] });
} catch (error) {
  await post('/result', { error: error.message });
}
await post('/done', {});
`;
