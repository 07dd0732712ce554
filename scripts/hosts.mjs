// `npm run conformance:full [-- --hosts=a,b --runs=N --again]`: the suite and the vectors in every runtime, from the packed tarball.
// It takes long: hosts that have finished count as they are when it is started once more, unless it is `--again`.
import { build } from './build.mjs';
import { RUNTIMES } from './lib/hosts/runtimes.mjs';
import { hostSuite } from './lib/hosts/suite.mjs';
import { main } from './lib/run.mjs';
import { setup } from './setup.mjs';

const option = (name) =>
  process.argv
    .find((a) => a.startsWith(`--${name}=`))
    ?.split('=')
    .at(1);

await main(async () => {
  const names = option('hosts')?.split(',') ?? Object.keys(RUNTIMES);
  const unknown = names.find((name) => !(name in RUNTIMES));
  if (unknown) throw new Error(`There is no host ${unknown}: choose from ${Object.keys(RUNTIMES).join(', ')}.`);
  await setup();
  await build();
  const resume = !process.argv.includes('--again');
  const runs = Number(option('runs') ?? 2000);
  const { rows, passed, failed } = await hostSuite(names, { runs, strict: true, resume });
  console.table(rows);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
});
