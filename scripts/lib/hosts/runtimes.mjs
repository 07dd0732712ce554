// How to start the suite in each runtime; every one resolves with the results it reported, in order.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findBrowser, runPage, shell } from '../browser.mjs';
import { extras } from '../extras.mjs';
import { npmTool } from '../paths.mjs';
import { run } from '../run.mjs';
import { hostProject } from './programs.mjs';

const js = 'text/javascript';
/** No run may hang for ever: seconds. */
const LONGEST = 3600;

/** Runs a script of a project in Node, Deno or Bun; resolves with its exit code and what it printed. */
export async function runScript(name, cwd, file, args) {
  const { find, before } = RUNTIMES[name];
  return run(await find(), [...before, file, ...args.map(String)], { cwd, allowFailure: true });
}

const script =
  (name) =>
  async ({ seed, runs }) => {
    const { code, output } = await runScript(name, await hostProject(), './script.js', [seed, runs]);
    const results = lines(output);
    if (code !== 0) throw new Error(`it ended with ${code} after ${results.length} results\n${output.slice(-2000)}`);
    return results;
  };

const page =
  (name) =>
  async ({ seed, runs }) => {
    const folder = await hostProject();
    const wasm = (file) => ({
      type: 'application/wasm',
      path: join(folder, 'node_modules/slicer-codec/dist/wasm', file),
    });
    return runPage(name, {
      page: `/?${new URLSearchParams({ seed, runs })}`,
      timeout: LONGEST * 1000,
      files: {
        '/': shell('/suite.js'),
        '/suite.js': { type: js, path: join(folder, 'browser', 'browser.js') },
        '/vectors.json': { type: 'application/json', path: join(folder, 'vectors.json') },
        '/wasm/scalar.wasm': wasm('scalar.wasm'),
        '/wasm/simd.wasm': wasm('simd.wasm'),
      },
    });
  };

/**
 * Every runtime: whether it is here (or can be fetched), and how it runs the suite; for those that take a script, what stands
 * `before` it on the command line. Those marked `full` are left to full runs; `most` bounds the cases per law where a runtime
 * is not made for long computations.
 */
export const RUNTIMES = {
  node: { find: () => process.execPath, before: [], start: script('node') },
  deno: {
    find: () => existsSync(npmTool('deno')) && npmTool('deno'),
    // Types are checked by tsc; Deno would ask for its own type packages.
    before: ['run', '--no-check', '--node-modules-dir=manual', '--cached-only', '--allow-read'],
    start: script('deno'),
  },
  chromium: { find: () => findBrowser('chromium'), start: page('chromium') },
  bun: {
    full: true,
    find: async () => join(await extras('runtimes'), 'node_modules/.bin/bun'),
    before: ['run'],
    start: script('bun'),
  },
  firefox: { full: true, find: () => findBrowser('firefox'), start: page('firefox') },
  workerd: {
    full: true,
    // The executable itself: its launcher passes no file descriptors on.
    find: async () => createRequire(join(await extras('runtimes'), 'package.json'))('workerd').default,
    start: async (settings) => workerd(await RUNTIMES.workerd.find(), settings),
    most: 200,
  },
};

/** Results are the lines that begin an object; all else is the runtime's own talk. */
export function lines(output) {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{"build"'))
    .map((line) => JSON.parse(line));
}

/** Serves the worker on a port of the system's choice, asks it once, and ends it. */
async function workerd(command, { seed, runs }) {
  const folder = await hostProject();
  const modules = readdirSync(join(folder, 'workerd')).filter((name) => name.endsWith('.wasm'));
  const embedded = modules.map((name) => `(name = "${name}", wasm = embed "workerd/${name}")`);
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "suite", worker = .suite)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "suite")]
);
const suite :Workerd.Worker = (
  compatibilityDate = "2026-01-01",
  modules = [(name = "main", esModule = embed "workerd/workerd.js"), ${embedded.join(', ')}]
);
`;
  writeFileSync(join(folder, 'workerd.capnp'), config);
  const child = spawn(command, ['serve', 'workerd.capnp', '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text;
    });
  }
  const ended = new Promise((_, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`workerd ended with ${code}\n${said.slice(-2000)}`)));
  });
  ended.catch(() => {});
  try {
    const port = new Promise((resolve) => {
      let events = '';
      child.stdio[3].on('data', (text) => {
        events += text;
        const found = /"port":\s*(\d+)/.exec(events);
        if (found) resolve(Number(found[1]));
      });
    });
    const vectors = JSON.parse(readFileSync(join(folder, 'vectors.json'), 'utf8'));
    const url = `http://127.0.0.1:${await Promise.race([port, ended])}/`;
    const body = JSON.stringify({ settings: { seed, runs }, vectors });
    const response = await Promise.race([fetch(url, { method: 'POST', body }), ended]);
    return lines(await Promise.race([response.text(), ended]));
  } finally {
    child.kill();
  }
}
