/**
 * The suite in a page. It is served with a policy that allows nothing but its own scripts and 'wasm-unsafe-eval', so that
 * running at all is the test of working under a strict CSP. Results go back by POST, one per law.
 */
import { type Result, runHost } from './program.ts';

const query = new URLSearchParams(location.search);
const violations: string[] = [];
document.addEventListener('securitypolicyviolation', (event) =>
  violations.push(`${event.violatedDirective} ${event.blockedURI}`),
);

async function send(path: string, body: unknown): Promise<void> {
  await fetch(path, { method: 'POST', body: JSON.stringify(body) });
}

const report = (result: Result) => send('/result', result);

await runHost({
  settings: { seed: Number(query.get('seed')), runs: Number(query.get('runs')) },
  vectors: await (await fetch('/vectors.json')).json(),
  wasm: (build) => `/wasm/${build}.wasm`,
  report,
});
const error = violations.length > 0 ? violations.join('; ') : undefined;
const name = 'the page broke no rule of its policy';
await report({ build: 'built-in', name, cases: 1, hashes: [], milliseconds: 0, error });
await send('/done', {});
