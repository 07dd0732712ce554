// `npm run counts`: counts the instructions of the hot paths and writes them to bench/speed/instructions.json.
import { store } from './lib/counts.mjs';
import { main } from './lib/run.mjs';

await main(store);
