// A run in words and in numbers.
import { spreadOf } from './loop.mjs';

/** Everything worth knowing of a run, as plain data. */
export function summaryOf(run, { promptIds, width, firstTokenBytes, comparison }) {
  const [prefill, ...steps] = run.steps;
  const { rollback } = run;
  return {
    exit: run.exit,
    why: run.why,
    promptTokens: promptIds.length,
    answerTokens: run.ids.length,
    fp32BytesPerToken: 4 * width,
    setupBytes: run.setupBytes,
    profileBytes: run.profileBytes,
    firstTokenBytes,
    prefill: prefill && {
      bytes: prefill.bytes,
      bytesPerTokenAfterFirst:
        promptIds.length > 1 ? (prefill.bytes - firstTokenBytes) / (promptIds.length - 1) : undefined,
      ms: prefill.ms,
    },
    bytesPerToken: spreadOf(steps.map(({ bytes }) => bytes)),
    sentBytes: run.bytes,
    msPerToken: spreadOf(steps.map(({ ms }) => ms)),
    codecShareOfTime: shareOf(steps),
    losses: run.steps
      .filter(({ lost }) => lost !== undefined)
      .map(({ number, lost, bytes, agrees }) => ({ body: number, lostBytes: lost, bytesAnew: bytes, agrees })),
    rollback: rollback && {
      at: rollback.at,
      steps: rollback.steps,
      bytesDiscarded: rollback.discarded.reduce((sum, { sent }) => sum + sent, 0),
      sameBodiesAgain: rollback.equal,
      sameTokensAgain: rollback.discardedIds.every((id, i) => id === run.ids[rollback.at + i]),
    },
    comparison,
  };
}

function shareOf(steps) {
  const all = steps.reduce((sum, { ms }) => sum + ms, 0);
  return all > 0 ? steps.reduce((sum, { encodeMs, decodeMs }) => sum + encodeMs + decodeMs, 0) / all : undefined;
}

/** Prints a summary for people. */
export function printSummary(s, { title, text, plainText, print = console.log }) {
  const line = (label, words) => print(`  ${label.padEnd(26)}${words}`);
  print(`\n${title}\n`);
  print(text.trim().replace(/^/gm, '  │ '));
  print('');
  line('ended because', s.why);
  line('setup, sent once', `${s.setupBytes} B${s.profileBytes > 0 ? `, and a profile of ${s.profileBytes} B` : ''}`);
  line('token 0, were it alone', `${s.firstTokenBytes} B`);
  if (s.prefill) {
    const each = s.prefill.bytesPerTokenAfterFirst;
    const rest = each === undefined ? '' : `: ${each.toFixed(0)} B for each after token 0`;
    line('prefill', `${s.prefill.bytes} B for ${s.promptTokens} tokens${rest}`);
  }
  if (s.bytesPerToken) {
    const { count, mean, p5, p95 } = s.bytesPerToken;
    const times = (s.fp32BytesPerToken / mean).toFixed(1);
    line('every later token', `${mean.toFixed(1)} B on average of ${count}, 5–95 % ${p5} … ${p95} B`);
    line('', `fp32 has ${s.fp32BytesPerToken} B, ${times} times that; the token's id has 2 B`);
    line('codec, of a token’s time', `${(100 * s.codecShareOfTime).toFixed(1)} %`);
  }
  line('sent in all', `${s.sentBytes} B`);
  for (const { body, lostBytes, bytesAnew, agrees } of s.losses) {
    line(
      `body ${body} was lost`,
      `${lostBytes} B in vain, ${bytesAnew} B anew; both ends ${agrees ? 'agree' : 'DISAGREE'}`,
    );
  }
  if (s.rollback) {
    const { at, steps, bytesDiscarded, sameBodiesAgain, sameTokensAgain } = s.rollback;
    line(
      `rolled back to body ${at}`,
      `after ${steps} (${bytesDiscarded} B); then the same ${same(sameBodiesAgain)} and ${same(sameTokensAgain, 'tokens')}`,
    );
  }
  const { comparison: c } = s;
  if (!c) return;
  const where = c.firstDifference < 0 ? `the same ${c.tokens} tokens` : `differs from token ${c.firstDifference} on`;
  line('without the codec', where);
  line(
    'on the same tokens',
    `KL ${c.kl.toPrecision(2)} nats a token, the most likely token agrees ${(100 * c.agreement).toFixed(0)} %`,
  );
  if (c.firstDifference >= 0) print(`\n${plainText.trim().replace(/^/gm, '  ┆ ')}`);
}

const same = (yes, what = 'bodies') => (yes ? what : `NOT the ${what}`);
