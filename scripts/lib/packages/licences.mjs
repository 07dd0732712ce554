// The licences of every npm package in the lock files, those for other platforms included, against what may be used.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { publishable } from '../pack.mjs';
import { root } from '../paths.mjs';

/** What a user of a published package gets with it: may be passed on under its terms beside MIT or Apache-2.0. */
const SHIPPED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];
/** What only runs here may also be under these, each for a reason. */
const TOOLS = {
  'BlueOak-1.0.0': 'permissive',
  'CC-BY-3.0': 'the lists of licences that this check itself reads; not passed on',
  'CC-BY-4.0': 'caniuse-lite inside webpack: a table of browsers; not passed on',
  'CC0-1.0': 'as CC-BY-3.0',
  'MPL-2.0': 'lightningcss inside Vite: asks for the source of changed files; none is changed or passed on',
  'OFL-1.1': 'the font with which examples draw text; not passed on',
  'Python-2.0': 'argparse inside markdown-it: permissive',
};

/** One check per lock file for all packages, and one for those that come with what is published. */
export function licenceChecks(tools) {
  const satisfies = createRequire(join(tools, 'package.json'))('spdx-satisfies');
  const lock = (folder) => JSON.parse(readFileSync(join(root, folder, 'package-lock.json'), 'utf8')).packages;
  const check = (entries, allowed) => {
    const bad = entries.filter(([, { license }]) => !(license && permitted(satisfies, license, allowed)));
    if (bad.length === 0) return `${entries.length} packages`;
    throw new Error(bad.map(([path, { license }]) => `${path} is under ${license ?? 'no licence'}`).join('\n'));
  };
  const groups = readdirSync(join(root, 'scripts', 'extras')).map((group) => `scripts/extras/${group}`);
  const installed = (packages) =>
    Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
  return [
    ...['.', ...groups].map((folder) => [
      `licences ${folder === '.' ? 'of all npm packages' : folder}`,
      () => check(installed(lock(folder)), [...SHIPPED, ...Object.keys(TOOLS)]),
    ]),
    ['licences of what comes with the published packages', () => check(shipped(lock('.')), SHIPPED)],
  ];
}

/** Whether an SPDX expression can be met with these licences; what is no expression cannot. */
function permitted(satisfies, expression, allowed) {
  try {
    return satisfies(expression, allowed);
  } catch {
    return false;
  }
}

/** Everything that installing the published packages installs, optional packages included. */
function shipped(packages) {
  const found = new Map();
  const visit = (path) => {
    const { dependencies = {}, optionalDependencies = {} } = packages[path];
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const at = resolve(packages, path, name);
      if (!at || found.has(at)) continue;
      found.set(at, packages[at]);
      visit(at);
    }
  };
  for (const workspace of publishable()) visit(workspace);
  return [...found].filter(([path]) => path.includes('node_modules/'));
}

/** Where Node would find the package `name` from the one at `path`; workspaces behind their links. */
function resolve(packages, path, name) {
  for (let folder = path; ; folder = dirname(folder)) {
    const at = folder === '.' || folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[at]) return packages[at].link ? packages[at].resolved : at;
    if (folder === '.' || folder === '') return undefined;
  }
}
