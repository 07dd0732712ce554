/**
 * The suite in a page. It is served with a policy that allows nothing but its own scripts and 'wasm-unsafe-eval', so that
 * running at all is the test of working under a strict CSP. Results go back by POST, one per law.
 */
import * as codec from 'slicer-codec';
import { createCodec } from 'slicer-codec/slim';
import { suite } from '../suite/suite.ts';
import { settings } from './settings.ts';

/** One line of the report. */
interface Result {
  name: string;
  cases: number;
  error?: string;
}

const query = new URLSearchParams(location.search);
const violations: string[] = [];
document.addEventListener('securitypolicyviolation', (event) =>
  violations.push(`${event.violatedDirective} ${event.blockedURI}`),
);

async function send(path: string, body: unknown): Promise<void> {
  await fetch(path, { method: 'POST', body: JSON.stringify(body) });
}

async function report(name: string, action: () => number | Promise<number>): Promise<void> {
  const result: Result = { name, cases: 0 };
  try {
    result.cases = await action();
  } catch (error) {
    // Some engines leave the message out of the stack.
    result.error = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
  }
  await send('/result', result);
}

async function all(): Promise<void> {
  const scalar = createCodec();
  await report('fetched WASM starts', async () => {
    await scalar.init('/wasm/scalar.wasm');
    return 1;
  });
  await report('built-in WASM starts at the first call, without init', () => {
    const { bytes } = codec.encode({ type: 'int8', data: new Int8Array(3), dims: [3] }, { budget: { lossless: true } });
    codec.decode(bytes);
    return 1;
  });
  const laws = suite(
    { codec, twin: scalar },
    settings((name) => query.get(name) ?? undefined, 250),
  );
  for (const law of laws) await report(law.name, () => law.run());
  await report('the page broke no rule of its policy', () => {
    if (violations.length > 0) throw new Error(violations.join('; '));
    return 1;
  });
  await send('/done', {});
}

await all();
