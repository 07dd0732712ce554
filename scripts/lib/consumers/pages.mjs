// The package in pages: as it is, and through bundlers; each in a browser under the policy of docs/bundlers.md.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runPage, shell } from '../browser.mjs';
import { extras } from '../extras.mjs';
import { npmTool } from '../paths.mjs';
import { run } from '../run.mjs';
import { allFiles } from '../stamp.mjs';
import { block } from './blocks.mjs';

const TYPES = { html: 'text/html', js: 'text/javascript', mjs: 'text/javascript', wasm: 'application/wasm' };
/** No page of one script takes longer, on any machine: milliseconds. */
const LONGEST = 120_000;
const policy = () => block('Content-Security-Policy', 'http').replace('Content-Security-Policy:', '').trim();
/** Bundles that were made, by folder: a second browser opens the same. */
const bundles = new Map();

/** The result that a page posted. */
async function open(browser, options) {
  const [result] = await runPage(browser, { timeout: LONGEST, csp: policy(), ...options });
  if (!result) throw new Error('the page reported nothing');
  if (result.error) throw new Error(result.error);
  return result.sum;
}

/** Every file of a folder under its path, as runPage serves it. */
function served(folder, prefix = '') {
  const list = allFiles(folder).map((path) => [
    `${prefix}/${relative(folder, path).split(sep).join('/')}`,
    { type: TYPES[path.split('.').at(-1)] ?? 'application/octet-stream', path },
  ]);
  return Object.fromEntries(list);
}

/** Writes the modules that say where this bundler puts the WASM file, and how workers are started. */
function writeModules(project, section, worker = 'worker.js') {
  const write = (name, of, title = name) => writeFileSync(join(project, name), block(of, 'js', title));
  write('codec.mjs', section);
  write('pool.mjs', 'Workers of a page');
  write('worker.js', 'Workers of a page', worker);
}

/** Bundles once per project and resolves with the folder. */
function bundled(project, name, section, action) {
  const outdir = join(project, name);
  if (!bundles.has(outdir)) {
    mkdirSync(outdir, { recursive: true });
    writeModules(project, section);
    bundles.set(outdir, action(outdir));
  }
  return bundles.get(outdir).then(() => outdir);
}

/** No bundler: an import map, which the policy names by its hash. */
export async function importMap(project, browser) {
  writeModules(project, 'No bundler', 'worker.js without a bundler');
  const html = block('No bundler', 'html');
  const map = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html)[1];
  const hash = createHash('sha256').update(map).digest('base64');
  const own = (name) => [`/${name}`, { type: TYPES.mjs, path: join(project, name) }];
  return open(browser, {
    page: '/',
    csp: policy().replace("script-src 'self'", `script-src 'self' 'sha256-${hash}'`),
    files: {
      '/': { type: TYPES.html, body: html },
      ...Object.fromEntries(['page.mjs', 'check.mjs', 'codec.mjs', 'pool.mjs', 'worker.js'].map(own)),
      ...served(join(project, 'node_modules/slicer-codec/dist'), '/node_modules/slicer-codec/dist'),
    },
  });
}

export async function withEsbuild(project, browser) {
  const outdir = await bundled(project, 'public', 'webpack', async () => {
    const [, ...args] = block('esbuild', 'sh').trim().split(/\s+/).slice(1);
    await run(npmTool('esbuild'), [...args, '--log-level=warning'], { cwd: project });
  });
  return open(browser, { page: '/', files: { '/': shell('/page.js'), ...served(outdir) } });
}

export async function withWebpack(project, browser) {
  const outdir = await bundled(project, 'out-webpack', 'webpack', async (path) => {
    const tools = await extras('bundlers');
    const { default: webpack } = await import(pathToFileURL(join(tools, 'node_modules/webpack/lib/index.js')).href);
    const file = join(project, 'webpack.config.mjs');
    writeFileSync(file, block('webpack', 'js', 'webpack.config.mjs'));
    const { default: config } = await import(pathToFileURL(file).href);
    // The WASM inside is more than what webpack advises for a page.
    const more = { context: project, output: { ...config.output, path }, performance: false };
    const stats = await new Promise((resolve, reject) => {
      webpack({ ...config, ...more }, (error, result) => (error ? reject(error) : resolve(result)));
    });
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'));
  });
  return open(browser, { page: '/', files: { '/': shell('/page.js'), ...served(outdir) } });
}

async function vite(project) {
  const tools = await extras('bundlers');
  writeFileSync(join(project, 'index.html'), shell('/page.mjs').body);
  return import(pathToFileURL(join(tools, 'node_modules/vite/dist/node/index.js')).href);
}

export async function withViteBuild(project, browser) {
  const outdir = await bundled(project, 'out-vite', 'Vite', async (outDir) => {
    const { build } = await vite(project);
    await build({ root: project, configFile: false, logLevel: 'error', build: { outDir, target: 'es2022' } });
  });
  const files = served(outdir);
  return open(browser, { page: '/', files: { ...files, '/': files['/index.html'] } });
}

export async function withViteServer(project, browser) {
  const { createServer } = await vite(project);
  writeModules(project, 'Vite');
  const server = await createServer({
    root: project,
    configFile: false,
    logLevel: 'error',
    server: {
      host: '127.0.0.1',
      port: 0,
      hmr: false,
      // The results go to another server, and the dev server's own client opens a socket.
      headers: { 'content-security-policy': `${policy()} http://127.0.0.1:* ws://127.0.0.1:*` },
    },
  });
  await server.listen();
  try {
    const { port } = server.httpServer.address();
    const page = (origin) => `http://127.0.0.1:${port}/?to=${encodeURIComponent(origin)}`;
    return await open(browser, { files: {}, page });
  } finally {
    await server.close();
  }
}
