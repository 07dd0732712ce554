// Answering token by token with a network in two parts: head → link → tail, and the next token from the tail's logits.
//
// A model is `{ width, end, head, tail }`: `head.run(ids)` gives a row of `width` numbers for every id, `tail.run(rows)` the logits of
// the last one; both remember what they were given, `mark()` says where they stand and `back(mark)` forgets what came since.
// Body 0 carries all rows of the prompt, every later one the row of one token.

/** Why a run ended. */
export const EXITS = {
  tokens: 'as many tokens as asked for',
  end: 'the model ended its answer',
  bytes: 'the next body would have gone beyond the byte limit',
  latency: 'a token took longer than the latency limit',
  memory: 'the process holds more than the memory limit',
};

/**
 * Runs a model over a link from a prompt of token ids.
 *
 * Limits: `tokens`, `maxBytes` (setup and all bodies, a lost one too), `maxMs` (one token; the prefill is not held to it),
 * `maxMemory` (bytes of the process). `drop`: the body of this number never arrives. `rollback: { at, steps }`: before body
 * `at`, both ends and both caches are remembered; `steps` bodies later all of them go back, and on from there. `forced`: tokens
 * to go on with instead of the most likely ones. `onLogits` and `onStep` see every step's.
 */
export async function answer(model, link, prompt, options = {}) {
  const { tokens = 64, maxBytes = Infinity, maxMs = Infinity, maxMemory = Infinity, rollback, forced } = options;
  const { memory = () => process.memoryUsage().rss, onLogits, onStep } = options;
  model.head.clear();
  model.tail.clear();
  const { setupBytes, profileBytes } = link;
  const run = { ids: [], steps: [], setupBytes, profileBytes, bytes: setupBytes };
  const remaining = () => maxBytes - run.bytes;
  let [drop, mark] = [options.drop, undefined];
  const first = [];

  for (;;) {
    const number = run.ids.length;
    if (number === rollback?.at && !mark) mark = markAll(model, link);
    const ids = number > 0 ? [run.ids[number - 1]] : prompt;
    const { step, body, logits } = await oneStep(model, link, ids, { ...options, drop: number === drop, remaining });
    run.bytes += step.sent;
    if (!body) return ended(run, 'bytes');
    step.number = number;
    if (number === drop) drop = undefined;
    run.steps.push(step);
    run.ids.push(forced?.[number] ?? mostLikely(logits));
    onLogits?.(logits, number);
    onStep?.(step, run);

    const again = run.rollback && number < rollback.at + rollback.steps;
    if (again) run.rollback.equal &&= Buffer.compare(body, first[number]) === 0;
    else if (mark) first[number] = body;
    if (number > 0 && step.ms > maxMs) return ended(run, 'latency');
    if (memory() > maxMemory) return ended(run, 'memory');
    if (mark && !run.rollback && run.ids.length === rollback.at + rollback.steps) {
      goBack(model, link, mark, run, rollback);
      continue;
    }
    if (run.ids[number] === model.end && !forced) return ended(run, 'end');
    if (run.ids.length >= tokens) return ended(run, 'tokens');
  }
}

/** Rows of `ids` over the link; without a body where there is no room for it. */
async function oneStep(model, link, ids, { drop, remaining, clock = () => performance.now() }) {
  const start = clock();
  const rows = await model.head.run(ids);
  const coding = clock();
  let body = link.encode(rows);
  const step = { rows: ids.length, bytes: body.length, sent: 0 };
  if (body.length > remaining()) return { step };
  step.sent = body.length;
  if (drop) {
    // Whatever carries the bodies numbers them: the tail's end sees the gap and asks for those rows again.
    step.lost = body.length;
    body = link.encodeAnew(rows);
    step.bytes = body.length;
    if (step.sent + body.length > remaining()) return { step };
    step.sent += body.length;
  }
  const encoded = clock();
  const received = link.decode(body);
  const decoded = clock();
  const logits = await model.tail.run(received);
  const end = clock();
  if (drop) step.agrees = link.agrees();
  const times = {
    headMs: coding - start,
    encodeMs: encoded - coding,
    decodeMs: decoded - encoded,
    tailMs: end - decoded,
  };
  return { step: Object.assign(step, { ms: end - start }, times), body, logits };
}

function markAll({ head, tail }, link) {
  return { head: head.mark(), tail: tail.mark(), link: link.mark() };
}

/** What was answered since the mark is discarded; its bodies were sent all the same. */
function goBack({ head, tail }, link, mark, run, { at, steps }) {
  head.back(mark.head);
  tail.back(mark.tail);
  link.back(mark.link);
  run.rollback = { at, steps, equal: true, discardedIds: run.ids.splice(at), discarded: run.steps.splice(at) };
}

function ended(run, exit) {
  return Object.assign(run, { exit, why: EXITS[exit] });
}

function mostLikely(logits) {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

/** The first place where two lists of ids differ, or -1; one that only ends earlier does not differ. */
export function firstDifference(a, b) {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

/** Mean and 5th and 95th percentile of numbers. */
export function spreadOf(values) {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  return { count: values.length, mean: values.reduce((a, b) => a + b, 0) / values.length, p5: at(0.05), p95: at(0.95) };
}
