// `node fuzz/run.mjs [TARGET …] [--seconds=60] [--jobs=1]`: runs fuzz targets on nightly, each for a given time; resumes where the last run ended.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolEnv, tools } from '../scripts/lib/paths.mjs';

const VERSION = '0.13.2';
const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const targets = ['frame', 'stream', 'round_trip'];

const option = (name, value) => {
  const found = process.argv.find((a) => a.startsWith(`--${name}=`));
  return found ? Number(found.slice(name.length + 3)) : value;
};
const [seconds, jobs] = [option('seconds', 60), option('jobs', 1)];
const asked = process.argv.slice(2).filter((a) => !a.startsWith('--'));
for (const name of asked)
  if (!targets.includes(name)) throw new Error(`There is no target ${name}: ${targets.join(', ')}.`);

function cargo(...args) {
  const { status, error } = spawnSync('cargo', args, { cwd: root, stdio: 'inherit', env: toolEnv() });
  if (error) throw error;
  return status ?? 1;
}

if (!existsSync(join(tools, 'bin', process.platform === 'win32' ? 'cargo-fuzz.exe' : 'cargo-fuzz'))) {
  console.log('compiling cargo-fuzz into .cache/tools, once');
  if (cargo('install', '--debug', '--root', tools, '--locked', `cargo-fuzz@${VERSION}`) !== 0) process.exit(1);
}

for (const target of asked.length > 0 ? asked : targets) {
  const work = join(here, 'work', target);
  mkdirSync(work, { recursive: true });
  const before = readdirSync(work).length;
  const fuzzer = [
    `-max_total_time=${seconds}`,
    '-max_len=4096',
    '-rss_limit_mb=1024',
    '-timeout=10',
    '-print_final_stats=1',
  ];
  const parallel = jobs > 1 ? [`-jobs=${jobs}`, `-workers=${jobs}`] : [];
  const status = cargo(
    '+nightly',
    'fuzz',
    'run',
    target,
    work,
    join(here, 'corpus', target),
    '--',
    ...fuzzer,
    ...parallel,
  );
  const found = readdirSync(work).length - before;
  const verdict = status === 0 ? 'no finding' : `a finding (status ${status}), see fuzz/artifacts/${target}`;
  const line = `${new Date().toISOString()} ${target}: ${seconds} s, ${jobs} job(s), ${found} new inputs, ${verdict}\n`;
  appendFileSync(join(here, 'work', 'log.txt'), line);
  process.stdout.write(line);
  if (status !== 0) process.exitCode = 1;
}
