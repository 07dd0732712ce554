// Runs a page in an installed browser and collects what it reports. No driver: the page posts its results to the server
// that serves it, so any browser that can be started with a URL will do.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { which } from './paths.mjs';

/** Nothing from elsewhere, no eval, no inline script: only the page's own files and WASM. */
export const STRICT_CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

const BROWSERS = {
  chromium: {
    find: () => which('chromium', 'chromium-browser', 'google-chrome', 'chrome'),
    args: (profile, url) => [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      `--user-data-dir=${profile}`,
      url,
    ],
  },
  firefox: {
    find: () => which('firefox-esr', 'firefox'),
    args: (profile, url) => ['--headless', '--no-remote', '--profile', profile, url],
  },
};

/** Path of a browser, or undefined where it is not installed. */
export function findBrowser(name) {
  return BROWSERS[name].find();
}

/**
 * Serves `files` (URL path → { type, body | path }), opens `page` and resolves with the results it posted. `page` is a path, or
 * a function from this server's origin to the address of a page that another server has.
 * @returns {Promise<object[]>}
 */
export async function runPage(name, { files, page, csp = STRICT_CSP, timeout = 300_000, flags }) {
  const results = [];
  let finish;
  const done = new Promise((resolve, reject) => {
    finish = resolve;
    setTimeout(() => reject(new Error(`${name}: no end after ${timeout / 1000} s`)), timeout).unref();
  });
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    if (request.method === 'POST') {
      let body = '';
      for await (const part of request) body += part;
      response.end();
      if (path === '/result') results.push(JSON.parse(body));
      else if (path === '/done') finish();
      return;
    }
    const file = files[path];
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': file.type, 'content-security-policy': csp, 'cache-control': 'no-store' });
    response.end(file.body ?? (await readFile(file.path)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const browser = openPage(name, typeof page === 'function' ? page(origin) : `${origin}${page}`, flags);
  try {
    await Promise.race([done, browser.ended.then((code) => Promise.reject(new Error(`${name} ended with ${code}`)))]);
    return results;
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

/** WebGPU in Chromium on a machine without a GPU. */
export const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--use-vulkan=swiftshader'];

/** Opens a URL in a browser with a profile of its own; `close` ends it, `ended` resolves with its exit code. */
export function openPage(name, url, flags = []) {
  const profile = mkdtempSync(join(tmpdir(), 'slicer-browser-'));
  const args = [...flags, ...BROWSERS[name].args(profile, url)];
  const child = spawn(findBrowser(name), flags.length > 0 ? args.filter((arg) => arg !== '--disable-gpu') : args, {
    stdio: 'ignore',
    detached: true,
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const close = async () => {
    await stop(child, ended);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  return { ended, close };
}

/** Ends the browser that was started here and its helper processes: they share its process group. */
async function stop(child, ended) {
  if (child.exitCode === null && child.signalCode === null) {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It went by itself.
    }
  }
  await ended;
}

/** A page that loads one module script. */
export function shell(script, title = 'slicer') {
  const text = `<!doctype html><meta charset="utf-8"><title>${title}</title><script type="module" src="${script}"></script>`;
  return { type: 'text/html', body: text };
}
