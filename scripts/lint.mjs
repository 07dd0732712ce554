// `npm run lint`: all checks without building; `npm run format` (--write) repairs what can be repaired.
import { checks } from './lib/lint.mjs';
import { main, say } from './lib/run.mjs';

await main(async () => {
  const write = process.argv.includes('--write');
  for (const [name, check] of checks) {
    say(name);
    await check(write);
  }
});
