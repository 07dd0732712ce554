// The WASM builds in Node, Deno, Bun and Chromium, from the packed tarball: the hosts in turn, each several times.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPage, shell } from '../../scripts/lib/browser.mjs';
import { blankProject } from '../../scripts/lib/hosts/blank.mjs';
import { bundlePrograms, inOneFile } from '../../scripts/lib/hosts/programs.mjs';
import { lines, RUNTIMES, runScript } from '../../scripts/lib/hosts/runtimes.mjs';
import { digits, table } from '../rate/report.mjs';
import { EFFORTS } from './settings.mjs';
import { meanRatios, Timings } from './timings.mjs';

const HOSTS = ['node', 'deno', 'bun', 'chromium'];
/** Processes of each host: they take turns, so that all see the same load. */
const TURNS = 4;

/** Resolves with rows by host and build, Markdown, and the hosts that are not here. */
export async function hostsStudy({ rounds, say }) {
  const missing = [];
  const hosts = [];
  for (const name of HOSTS) {
    let why = 'not installed';
    const there = await Promise.resolve(RUNTIMES[name].find()).catch((error) => {
      why = error.message;
    });
    if (there) hosts.push(name);
    else missing.push({ name, why });
  }
  const folder = await blankProject('speed');
  const source = (name) => fileURLToPath(new URL(`./hosts/${name}.mjs`, import.meta.url));
  await bundlePrograms(folder, [source('script'), source('page')]);
  await inOneFile(folder, 'page', []);
  const timings = new Timings();
  for (let turn = 0; turn < TURNS; turn++) {
    for (const name of hosts) {
      say(`${name}, turn ${turn + 1}/${TURNS}`);
      const found = RUNTIMES[name].before
        ? await runInScript(name, folder, rounds)
        : await runInPage(name, folder, rounds);
      for (const { build, ...row } of found) timings.add(`${name}, ${build}`, [row]);
    }
  }
  const rows = timings.rows();
  return { rows, musts: [], missing, markdown: markdownOf(rows, hosts) };
}

async function runInScript(name, folder, rounds) {
  const { code, output } = await runScript(name, folder, './script.js', [rounds]);
  if (code !== 0) throw new Error(`${name} ended with ${code}\n${output.slice(-2000)}`);
  return lines(output);
}

async function runInPage(name, folder, rounds) {
  const wasm = (file) => ({
    type: 'application/wasm',
    path: join(folder, 'node_modules/slicer-codec/dist/wasm', file),
  });
  const results = await runPage(name, {
    page: `/?rounds=${rounds}`,
    files: {
      '/': shell('/speed.js'),
      '/speed.js': { type: 'text/javascript', path: join(folder, 'page', 'page.js') },
      '/wasm/scalar.wasm': wasm('scalar.wasm'),
      '/wasm/simd.wasm': wasm('simd.wasm'),
    },
  });
  return results.flat();
}

function markdownOf(rows, hosts) {
  const body = hosts.flatMap((name) =>
    EFFORTS.map(([codec]) => {
      const simd = [`${name}, simd`, codec];
      const node = meanRatios(rows, simd, ['node, simd', codec]);
      const scalar = meanRatios(rows, simd, [`${name}, scalar`, codec]);
      const own = rows.filter((row) => row.host === simd[0] && row.codec === codec);
      const speed = (way) => own.map((row) => digits((4000 * row.values) / row[way].best, 0)).join(' / ');
      return [
        `${name}, ${codec.split(':')[0]}`,
        speed('encode'),
        speed('decode'),
        digits(node.encode, 2),
        digits(node.decode, 2),
        digits(scalar.encode, 2),
        digits(scalar.decode, 2),
      ];
    }),
  );
  const head = [
    'host',
    'encode MB/s, dense / ReLU',
    'decode MB/s',
    'encode / Node',
    'decode / Node',
    'encode SIMD / scalar',
    'decode SIMD / scalar',
  ];
  return `${table(head, body)}\n\nMade-up tensors of 2^18 values, copies included; the best by the clock on the wall.`;
}
