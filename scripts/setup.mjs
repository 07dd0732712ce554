// `npm run setup`: installs what the build and the tests need and is not there yet. Safe to run at any time.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cargoInstall, dropBuilds } from './lib/cargo-install.mjs';
import { root, which } from './lib/paths.mjs';
import { isMain, main, run, say, seconds } from './lib/run.mjs';

const WASM_PACK = '0.15.1';

/** Brings the checkout to the state in which `build` and `test` can run. */
export async function setup() {
  const start = Date.now();
  checkNode();
  const changed = [await rust(), await npmPackages(), await wasmTools()].some(Boolean);
  say(changed ? `set-up done in ${seconds(Date.now() - start)}` : 'set-up: nothing is missing');
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) throw new Error(`Node 20 or newer is needed; this is ${process.version}.`);
}

/** The toolchain of rust-toolchain.toml with its components and the WASM target. */
async function rust() {
  if (!which('rustup') || !which('cargo')) {
    throw new Error('rustup is needed (with cargo on PATH): install it from your system or from the Rust project.');
  }
  const text = readFileSync(join(root, 'rust-toolchain.toml'), 'utf8');
  const channel = /channel = "([^"]+)"/.exec(text)[1];
  const list = (key) =>
    [...new RegExp(`${key} = \\[([^\\]]*)\\]`).exec(text)[1].matchAll(/"([^"]+)"/g)].map((m) => m[1]);
  const [components, targets] = [list('components'), list('targets')];
  const installed = (await run('rustup', ['toolchain', 'list'])).output;
  if (!installed.split('\n').some((line) => line.startsWith(`${channel}-`))) {
    say(`installing Rust ${channel}`);
    const wanted = [...components.flatMap((c) => ['-c', c]), ...targets.flatMap((t) => ['-t', t])];
    await run('rustup', ['toolchain', 'install', channel, '--profile', 'minimal', ...wanted], { show: true });
    return true;
  }
  const have = (await run('rustup', ['component', 'list', '--installed', '--toolchain', channel])).output;
  let changed = false;
  for (const component of components.filter((c) => !have.includes(c))) {
    say(`adding ${component} to Rust ${channel}`);
    await run('rustup', ['component', 'add', component, '--toolchain', channel], { show: true });
    changed = true;
  }
  for (const target of targets.filter((t) => !have.includes(`rust-std-${t}`))) {
    say(`adding the target ${target} to Rust ${channel}`);
    await run('rustup', ['target', 'add', target, '--toolchain', channel], { show: true });
    changed = true;
  }
  return changed;
}

/** npm packages, when what lies in node_modules is not what the lock file names. */
async function npmPackages() {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const file = join(root, 'node_modules', '.package-lock.json');
  const have = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined;
  const missing = Object.entries(wanted).filter(
    ([path, entry]) => path.startsWith('node_modules/') && !entry.optional && have?.[path]?.version !== entry.version,
  );
  if (have && missing.length === 0) return false;
  say(have ? `installing npm packages (${missing.length} changed)` : 'installing npm packages');
  // Not `npm ci`: it refuses a lock file made against a registry that lacks some platform's optional packages, and it
  // throws away a folder that is nearly right. Without saving, `install` follows the lock file and leaves it alone.
  await run('npm', ['install', '--no-save', '--no-audit', '--no-fund'], { show: true });
  return true;
}

/** wasm-pack, and wasm-bindgen of exactly the version in Cargo.lock, in the ignored tools folder. */
async function wasmTools() {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8');
  const bindgen = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)[1];
  const first = await cargoInstall('wasm-bindgen-cli', bindgen, 'wasm-bindgen');
  const second = await cargoInstall('wasm-pack', WASM_PACK, 'wasm-pack');
  dropBuilds();
  return first || second;
}

if (isMain(import.meta)) await main(setup);
