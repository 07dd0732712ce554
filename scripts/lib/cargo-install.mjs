// Tools that come as source from crates.io, compiled once into the ignored tools folder.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cache, tools } from './paths.mjs';
import { run, say } from './run.mjs';

const builds = join(cache, 'tools-target');

/** Whether the tool of exactly this version is there. */
export function isInstalled(name, version) {
  const list = join(tools, '.crates.toml');
  return existsSync(list) && readFileSync(list, 'utf8').includes(`"${name} ${version} `);
}

/** Compiles a tool where it is missing; resolves with whether it was. */
export async function cargoInstall(name, version, bin) {
  if (isInstalled(name, version)) return false;
  say(`compiling ${name} ${version} into .cache/tools (a few minutes, once)`);
  mkdirSync(tools, { recursive: true });
  // Debug builds without debug information compile in half the time, and the tools have little to do.
  const env = { ...process.env, CARGO_PROFILE_DEV_DEBUG: '0', CARGO_TARGET_DIR: builds };
  const args = ['install', '--debug', '--root', tools, name, '--version', `=${version}`, '--bin', bin, '--force'];
  const locked = await run('cargo', [...args, '--locked'], { env, allowFailure: true });
  if (locked.code === 0) return true;
  say(`the lock file of ${name} could not be used; resolving its dependencies anew`);
  await run('cargo', args, { env });
  return true;
}

/** Deletes what compiling left behind. */
export function dropBuilds() {
  if (existsSync(builds)) rmSync(builds, { recursive: true });
}
