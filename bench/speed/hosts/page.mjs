// A page: results go back by POST, a round's at a time.
import { runSpeed } from './program.mjs';

const rows = [];
const send = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify(body) });

await runSpeed({
  rounds: Number(new URLSearchParams(location.search).get('rounds')),
  wasm: (build) => `/wasm/${build}.wasm`,
  report: (row) => {
    rows.push(row);
  },
});
await send('/result', rows);
await send('/done', {});
