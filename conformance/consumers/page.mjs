// A page, bundled or not. codec.mjs, pool.mjs and worker.js are blocks of docs/bundlers.md; `to` is where results go.
import * as codec from 'slicer-codec';
import { decode } from 'slicer-codec/decode';
import { check, checkPool } from './check.mjs';

const to = new URLSearchParams(location.search).get('to') ?? '';
const violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
  violations.push(`${event.violatedDirective} ${event.blockedURI}`),
);

async function run() {
  const slim = await import('./codec.mjs');
  const first = check(codec);
  for (const other of [slim, { ...codec, decode }]) {
    if (check(other) !== first) throw new Error('the entries disagree');
  }
  const { pool } = await import('./pool.mjs');
  if ((await checkPool(pool)) !== first) throw new Error('the pool disagrees');
  await pool.close();
  // Violations are told later.
  await new Promise((resolve) => setTimeout(resolve, 0));
  if (violations.length > 0) throw new Error(`the page broke its policy: ${violations.join('; ')}`);
  if (evaluates()) throw new Error('the page has no policy against eval');
  return first;
}

/** Whether the page may make code of text. */
function evaluates() {
  try {
    return new Function('return true')();
  } catch {
    return false;
  }
}

const send = (path, body) => fetch(`${to}${path}`, { method: 'POST', mode: 'no-cors', body: JSON.stringify(body) });
const result = await run().then(
  (sum) => ({ sum }),
  (error) => ({ error: `${error.message}\n${error.stack}` }),
);
await send('/result', result);
await send('/done', {});
