// A language model in two parts in one process, its hidden states as bytes in between.
//
//   node examples/llm/main.mjs [--prompt TEXT]
//     --after N           blocks in the head, 1 … 29 (default: 8)
//     --tokens N          most tokens of the answer (default: 64)
//     --step S            quantiser step (default: 2 for up to 11 blocks, 3 beyond)
//     --profile FILE      a .slcp for this tensor instead of classes that adapt
//     --cap N             most bytes of a token's body
//     --no-trellis
//     --max-bytes N, --max-ms N, --max-memory MB    limits: all bytes sent, one token's time, the process
//     --drop N            body N is lost
//     --rollback N[,K]    go back to before body N when K (default: 4) more have been sent
//     --no-compare        do without the run that has no codec
//     --models DIR, --json
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SlicerError } from 'slicer-codec';
import { compare } from './compare.mjs';
import { CodedLink } from './link.mjs';
import { answer } from './loop.mjs';
import { printSummary, summaryOf } from './report.mjs';
import { chat, MissingWeights, openModel, translate } from './smollm2.mjs';

const PROMPT = 'Why is the sky blue? Explain it to a child in three sentences.';
/** Exit codes beside 0 (answered). */
const [FAILED, USAGE, LIMITED] = [1, 2, 3];

class UsageError extends Error {}

async function main(options) {
  const number = (name, { least = 1, whole = true } = {}) => {
    if (options[name] === undefined) return undefined;
    const value = Number(options[name]);
    if (!(value >= least) || (whole && !Number.isInteger(value))) {
      throw new UsageError(`--${name} wants a ${whole ? 'whole number' : 'number'} of at least ${least}`);
    }
    return value;
  };
  const after = number('after') ?? 8;
  if (after > 29) throw new UsageError('--after must be 1 … 29');
  const step = number('step', { least: Number.MIN_VALUE, whole: false }) ?? (after <= 11 ? 2 : 3);
  const profile = options.profile && new Uint8Array(readFileSync(options.profile));
  const settings = {
    step,
    trellis: !options['no-trellis'],
    cap: number('cap'),
    ...(profile ? { profile } : { adaptive: true }),
  };
  const limits = {
    tokens: number('tokens') ?? 64,
    maxBytes: number('max-bytes'),
    maxMs: number('max-ms', { whole: false, least: 0 }),
    maxMemory: options['max-memory'] && number('max-memory') * 2 ** 20,
    drop: number('drop', { least: 0 }),
    rollback: rollbackOf(options.rollback),
  };
  const { drop, rollback } = limits;
  if (rollback && drop >= rollback.at && drop < rollback.at + rollback.steps) {
    throw new UsageError('--drop must lie outside the bodies that --rollback repeats');
  }

  const model = await openModel(after, options.models);
  const [promptIds] = translate([chat(options.prompt ?? PROMPT)]);
  const link = new CodedLink(model.width, settings);
  const run = await answer(model, link, promptIds, limits);
  const firstTokenBytes = link.alone(await firstRow(model, promptIds));
  link.free();
  const result = !options['no-compare'] && run.ids.length > 0 && (await compare(model, settings, promptIds, run, drop));
  const summary = summaryOf(run, { promptIds, width: model.width, firstTokenBytes, comparison: result?.comparison });
  const [text, plainText] = translate([run.ids, result?.ids ?? []]);

  if (options.json)
    console.log(JSON.stringify({ after, settings: { ...settings, profile: undefined }, text, ...summary }, null, 2));
  else
    printSummary(summary, { title: `SmolLM2-135M, ${after} of 30 blocks in the head, step ${step}`, text, plainText });
  if (drop !== undefined && summary.losses.length === 0)
    console.error(`The answer ended before body ${drop}: none was lost.`);
  if (rollback && !run.rollback) console.error('The answer ended before the rollback.');
  if (summary.losses.some(({ agrees }) => !agrees)) process.exitCode = FAILED;
  if (['bytes', 'latency', 'memory'].includes(run.exit)) process.exitCode = LIMITED;
}

function rollbackOf(text) {
  if (text === undefined) return undefined;
  const [at, steps = 4] = text.split(',').map(Number);
  if (!(Number.isInteger(at) && at >= 0 && Number.isInteger(steps) && steps > 0)) {
    throw new UsageError('--rollback wants N or N,K');
  }
  return { at, steps };
}

/** The head's row of token 0. */
async function firstRow({ head }, ids) {
  head.clear();
  return head.run(ids.slice(0, 1));
}

try {
  const [string, boolean] = [{ type: 'string' }, { type: 'boolean' }];
  const words = ['prompt', 'after', 'tokens', 'step', 'profile', 'cap', 'max-bytes', 'max-ms', 'max-memory', 'drop'];
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries([...words, 'rollback', 'models'].map((name) => [name, string])),
      ...Object.fromEntries(['no-trellis', 'no-compare', 'json'].map((name) => [name, boolean])),
    },
  });
  await main(values);
} catch (error) {
  const usage = error instanceof UsageError || error.code?.startsWith?.('ERR_PARSE_ARGS');
  if (usage || error instanceof MissingWeights) console.error(error.message);
  else if (error instanceof SlicerError) console.error(`${error.code}: ${error.message}\n${error.advice}`);
  else console.error(error.stack);
  process.exitCode = usage ? USAGE : FAILED;
}
