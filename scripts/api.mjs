// `npm run api`: writes the reports of the public API in sdk/api; look at the difference before committing it.
import { build } from './build.mjs';
import { extras } from './lib/extras.mjs';
import { writeReports } from './lib/packages/api.mjs';
import { main, say } from './lib/run.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  await setup();
  await build();
  const problems = writeReports(await extras('packaging'));
  for (const problem of problems) console.error(problem);
  say('sdk/api written');
  if (problems.length > 0) process.exitCode = 1;
});
