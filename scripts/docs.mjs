// `npm run docs`: reference pages of the SDK and the crates, into out/docs.
import { build } from './build.mjs';
import { extras } from './lib/extras.mjs';
import { writeDocs } from './lib/packages/docs.mjs';
import { main, say } from './lib/run.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  await setup();
  await build();
  for (const page of await writeDocs(await extras('packaging'))) say(page);
});
