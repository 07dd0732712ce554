// Language benchmarks on SmolLM2-135M-Instruct, split after some blocks: every item measured once and kept.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTool } from '../models/export.mjs';
import { judge, LanguageModel, StreamSetting } from './language-model.mjs';

const TRELLIS = { shape: 2, adaptive: true, trellis: true };

/** The setting that every item sees, and those that every eighth item sees besides, for the curve. */
export const SETTINGS = [2].map((step) => ({ step, ...TRELLIS }));
export const CURVE = [1, 1.5, 2.5, 4].map((step) => ({ step, ...TRELLIS }));
const CURVE_EVERY = 8;
/** Items are run together up to so many tokens: short ones on their own spend their time on reading the weights. */
const BATCH_TOKENS = 320;

/**
 * Tasks by the name of their file. Those that are judged by what they answer come as a whole before most of those whose given
 * answers are only read (`after`: how much later an item comes), so that a run that is stopped has the most of what counts.
 */
export const TASKS = {
  hellaswag: { title: 'HellaSwag' },
  piqa: { title: 'PIQA' },
  lambada: { title: 'LAMBADA' },
  arc_easy: { title: 'ARC-E' },
  arc_challenge: { title: 'ARC-C' },
  gsm8k: { title: 'GSM8K, given answers', after: 4 },
  humaneval: { title: 'HumanEval, given solutions', after: 4 },
};
const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));

/** The files of the wanted tasks: from the folder, or our own few questions where it has none. */
export function filesOf(folder, wanted) {
  const found = {};
  for (const name of wanted) {
    const paths = [folder && join(folder, `${name}.jsonl`), join(FIXTURES, `${name}.jsonl`)];
    const path = paths.find((candidate) => candidate && existsSync(candidate));
    if (path) found[name] = path;
  }
  return found;
}

/** Items of all tasks as token ids, made once per set of files. */
export function loadItems(files, cache, say) {
  const sum = createHash('sha256');
  for (const [name, path] of Object.entries(files)) sum.update(name).update(readFileSync(path));
  const path = join(cache, `smollm2-items-${sum.digest('hex').slice(0, 12)}.json`);
  if (!existsSync(path)) {
    mkdirSync(cache, { recursive: true });
    say('turning texts into token ids');
    const list = Object.entries(files).map(([name, file]) => `${name}=${file}`);
    runTool('smollm2', 'smollm2_items.py', [`${path}.part`, ...list]);
    renameSync(`${path}.part`, path);
  }
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** All items in the order they are measured: tasks take turns, each in proportion to its size. */
export function orderItems(items, limit) {
  const list = Object.entries(items).flatMap(([task, own]) =>
    own.map((item, i) => ({ task, i, item, place: ((i + 0.5) / own.length) * (TASKS[task].after ?? 1) })),
  );
  return list.filter(({ i }) => limit === undefined || i < limit).sort((a, b) => a.place - b.place);
}

/** Measures what the journal does not hold yet; resolves with the records of all items. */
export async function measureLanguage({ items, blocks, limit, journal, codec, deadline, say, left }) {
  const order = orderItems(items, limit);
  const keyOf = ({ task, item }) => {
    const sum = createHash('sha256').update(JSON.stringify(item)).digest('hex').slice(0, 16);
    return `language ${blocks} ${codec} ${task} ${sum}`;
  };
  const coders = new Map();
  const coderOf = (options) => {
    const text = JSON.stringify(options);
    if (!coders.has(text)) coders.set(text, new StreamSetting(options));
    return coders.get(text);
  };
  const cost = ({ item }) => item.context.length + item.choices.flat().length;
  const clock = left(order.reduce((sum, one) => sum + cost(one), 0));
  const records = [];
  const waiting = new Map();
  let [model, sofar, done] = [undefined, 0, 0];
  const keep = (one, record) => records.push({ task: one.task, i: one.i, item: one.item, ...record });
  const flush = async (batch) => {
    if (batch.list.length === 0 || (deadline !== undefined && Date.now() > deadline)) return;
    model ??= await new LanguageModel(blocks).open(say);
    const fresh = await judge(
      model,
      batch.list.map(({ item }) => item),
      batch.missing,
    );
    for (const [n, one] of batch.list.entries()) {
      const record = { ...fresh[n], rows: { ...journal.get(keyOf(one))?.rows, ...fresh[n].rows } };
      journal.set(keyOf(one), record);
      keep(one, record);
    }
    done += batch.list.length;
    sofar += batch.tokens;
    const { task, i } = batch.list.at(-1);
    say(`${task} ${i + 1}/${items[task].length}, ${done} of ${order.length} items, ${clock(sofar)}`);
  };
  for (const one of order) {
    const wanted = [...SETTINGS, ...(one.i % CURVE_EVERY === 0 ? CURVE : [])].map(coderOf);
    const record = journal.get(keyOf(one));
    const missing = wanted.filter(({ label }) => record?.rows[label] === undefined);
    if (missing.length === 0) {
      keep(one, record);
      done++;
      sofar += cost(one);
      clock.skip(sofar);
      continue;
    }
    // Items that lack the same settings go together.
    const kind = missing.map(({ label }) => label).join(' | ');
    let batch = waiting.get(kind);
    if (batch && batch.tokens + cost(one) > BATCH_TOKENS) {
      await flush(batch);
      batch = undefined;
    }
    batch ??= { list: [], missing, tokens: 0 };
    batch.list.push(one);
    batch.tokens += cost(one);
    waiting.set(kind, batch);
  }
  for (const batch of waiting.values()) await flush(batch);
  for (const coder of coders.values()) coder.free();
  return { records, wanted: order.length };
}
