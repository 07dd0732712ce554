// The crates as crates.io would get them: manifests, files, and a build of what is packed, each against the others as packed.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { manifest } from '../pack.mjs';
import { cache, root } from '../paths.mjs';
import { run } from '../run.mjs';

/** crates.io's own limits. */
const MOST_KEYWORDS = 5;
const LONGEST_KEYWORD = 20;
/** What may be in a package beside the sources: tests need the repository and stay there. */
const FILES =
  /^(src|examples)\/|^(Cargo\.toml|Cargo\.toml\.orig|Cargo\.lock|README\.md|LICENSE-MIT|LICENSE-APACHE|\.cargo_vcs_info\.json)$/;

/** One check of the manifests, one of the files, one that builds what would be uploaded. */
export function crateChecks() {
  let found;
  const crates = () => {
    found ??= published();
    return found;
  };
  return [
    ['crates: manifests', async () => manifests(await crates())],
    ['crates: files', async () => contents(await crates())],
    ['crates: build as packed', async () => packed(await crates())],
  ];
}

/** The packages of the workspace that are published. */
async function published() {
  const { output } = await run('cargo', ['metadata', '--format-version', '1', '--no-deps', '--quiet']);
  // Cargo's warnings come first.
  const { packages } = JSON.parse(output.slice(output.indexOf('{"packages"')));
  return packages.filter((p) => p.publish === null);
}

/** npm packages that stand in each other's manifests, by folder. */
const NPM = ['sdk', 'conformance', 'bench'];

function manifests(crates) {
  const { version } = manifest('sdk');
  const problems = NPM.flatMap((folder) => {
    const own = manifest(folder);
    const asked = own.dependencies['slicer-codec'] ?? version;
    return own.version === version && asked === version
      ? []
      : [`${folder}: its version is ${own.version}, it asks for slicer-codec ${asked}`];
  });
  problems.push(...ofCrates(crates, version));
  if (problems.length > 0) throw new Error(`${problems.join('\n')}\n(slicer-codec on npm is ${version})`);
  return `${version}: ${crates.map((c) => c.name).join(', ')}`;
}

/** What is wrong with the manifests of crates. */
function ofCrates(crates, version) {
  return crates.flatMap((c) => {
    const wrong = [];
    if (c.version !== version) wrong.push(`its version is ${c.version}`);
    for (const field of ['description', 'license', 'readme', 'rust_version']) if (!c[field]) wrong.push(`no ${field}`);
    for (const field of ['keywords', 'categories']) if (c[field].length === 0) wrong.push(`no ${field}`);
    if (c.keywords.length > MOST_KEYWORDS) wrong.push(`more than ${MOST_KEYWORDS} keywords`);
    wrong.push(...c.keywords.filter((k) => k.length > LONGEST_KEYWORD).map((k) => `the keyword ${k} is too long`));
    for (const d of c.dependencies.filter((d) => d.path && d.kind !== 'dev')) {
      if (!crates.some((other) => other.name === d.name))
        wrong.push(`${d.name}, which is not published, is a dependency`);
      else if (d.req !== `^${c.version}`) wrong.push(`${d.name} is asked for as ${d.req}, this is ${c.version}`);
    }
    for (const name of ['LICENSE-MIT', 'LICENSE-APACHE']) {
      const copy = join(c.manifest_path, '..', name);
      if (!existsSync(copy) || readFileSync(copy, 'utf8') !== readFileSync(join(root, name), 'utf8'))
        wrong.push(`its ${name} is not that of the repository`);
    }
    return wrong.map((text) => `${c.name}: ${text}`);
  });
}

async function contents(crates) {
  for (const { name } of crates) {
    const { output } = await run('cargo', ['package', '--list', '--allow-dirty', '--quiet', '-p', name]);
    const files = output.trim().split('\n');
    const unwanted = files.filter((file) => !FILES.test(file));
    if (unwanted.length > 0) throw new Error(`${name} would take ${unwanted.join(', ')} with it`);
    if (!files.includes('README.md') || !files.includes('LICENSE-MIT'))
      throw new Error(`${name} lacks README or licence`);
  }
}

/**
 * cargo keeps what it unpacked and built of a package by its version, here that of the last run: after a change in one crate another would be
 * built against the state before. Folders of registries on this machine, as `cargo package` makes one, begin with a hyphen.
 */
function forget(crates) {
  const home = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  for (const folder of ['src', 'cache'].map((kind) => join(home, 'registry', kind))) {
    for (const registry of existsSync(folder) ? readdirSync(folder) : []) {
      if (!registry.startsWith('-')) continue;
      for (const { name, version } of crates) {
        for (const end of ['', '.crate']) {
          rmSync(join(folder, registry, `${name}-${version}${end}`), { recursive: true, force: true });
        }
      }
    }
  }
}

/** All at once, so that each is built against the others as they are packed and not as some index has them. */
async function packed(crates) {
  const target = join(cache, 'package');
  rmSync(target, { recursive: true, force: true });
  forget(crates);
  const names = crates.flatMap((c) => ['-p', c.name]);
  await run('cargo', ['package', '--allow-dirty', '--quiet', '--target-dir', target, ...names]);
}
