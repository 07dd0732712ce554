// The language tables: a row a setting for every task, and all answered items pooled.
import { bestChoice, estimate, languageTask, markdownTable, mean, summarise } from 'slicer-codec/eval';
import { must } from '../rate/report.mjs';
import { TASKS } from './language.mjs';
import { WIDTH } from './language-model.mjs';
import { bestAt, KL, LOSS } from './musts.mjs';

/** Bytes of a token id: the vocabulary has 49152. */
const ID_BYTES = 2;

/** A record of the language runs as the general summary takes one. */
export function asItem({ task, item, tokens, positions, unsplit, rows }) {
  const given = TASKS[task].after !== undefined;
  const several = item.choices.length > 1;
  const figures = (answers) => {
    const read = item.label === undefined ? -answers.nll : answers.choices[item.label];
    return {
      kl: answers.kl,
      agreement: answers.agreement,
      nll: -read,
      positions: item.label === undefined ? positions : item.choices[item.label].length,
      sameChoice: several ? Number(bestChoice(item, answers) === bestChoice(item, unsplit)) : undefined,
      // Nobody writes a given solution word by word: there only KL and agreement count.
      correct: given ? undefined : answers.correct,
    };
  };
  const own = figures({ ...unsplit, kl: 0, agreement: 1 });
  const settings = Object.entries(rows).map(([label, row]) => {
    const cell = { bytes: row.bytes, first: row.first, encodeMs: row.codecMs, decodeMs: 0, figures: figures(row) };
    return [label, cell];
  });
  return {
    task,
    tokens,
    rawBytes: 4 * WIDTH * tokens,
    headMs: 0,
    tailMs: 0,
    unsplit: own,
    settings: Object.fromEntries(settings),
    forms: { 'the token ids': { bytes: ID_BYTES * tokens, figures: own } },
  };
}

/** Markdown, figures, musts, and the pooled table for the plot. */
export function languageReport({ records, wanted, items, blocks }) {
  const task = languageTask();
  const all = records.map(asItem);
  const labels = [...new Set(all.flatMap((one) => Object.keys(one.settings)))];
  const order = labels.sort((a, b) => stepOf(a) - stepOf(b)).map((label) => ({ key: label, label }));
  const perToken = (list, summary) => {
    const tokens = mean(list.map((one) => one.tokens));
    return `${summary.items} items of ${tokens.toFixed(1)} tokens (${Math.round(4 * WIDTH)} bytes a token in fp32)`;
  };
  const sections = [];
  const figures = {};
  for (const name of Object.keys(items)) {
    const own = all.filter((one) => one.task === name);
    if (own.length === 0) continue;
    const summary = summarise(task, own, order);
    const part = own.length < items[name].length ? ` of ${items[name].length}` : '';
    sections.push(
      `### ${TASKS[name].title}, ${own.length}${part} items\n\n${perToken(own, summary)}.\n\n${markdownTable(task, summary)}`,
    );
    figures[name] = summary;
  }
  const answered = all.filter((one) => one.unsplit.correct !== undefined);
  const pooled = summarise(task, answered, order);
  const everything = summarise(task, all, order);
  const first = labels.map((label) => {
    const cells = all.flatMap((one) => (one.settings[label] ? [{ ...one.settings[label], tokens: one.tokens }] : []));
    const token = estimate(cells, (list) => mean(list.map((c) => c.bytes)) / mean(list.map((c) => c.tokens)));
    const codec = mean(cells.map((c) => c.encodeMs)) / mean(cells.map((c) => c.tokens));
    return `| ${label} | ${cells.length} | ${token.value.toFixed(1)} | ${mean(cells.map((c) => c.first)).toFixed(0)} | ${codec.toFixed(2)} |`;
  });
  const markdown = [
    `## SmolLM2-135M-Instruct, cut after ${blocks} blocks: ${records.length} of ${wanted} items`,
    'Every item is a stream of its own: its setup, and a bare body for every token of the context and of all continuations. KL and agreement are over the positions that predict a continuation; a choice is the continuation with the highest log-likelihood per byte; LAMBADA is right where greedy decoding gives the word. Solutions of GSM8K and HumanEval are read, not generated.',
    ...sections,
    `### All answered items pooled, ${answered.length}`,
    markdownTable(task, pooled),
    `### Everything pooled, ${all.length}`,
    markdownTable(task, everything),
    '### Bytes a token',
    [
      '| setting | items | bytes a token | the first token | codec ms a token |',
      '| --- | ---: | ---: | ---: | ---: |',
      ...first,
    ].join('\n'),
    '',
  ].join('\n\n');
  return {
    markdown,
    figures: { ...figures, pooled, everything },
    musts: musts(pooled, everything, records.length, wanted),
    curve: everything,
  };
}

const stepOf = (label) => Number(/step ([\d.]+)/.exec(label)?.[1] ?? 0);

function musts(pooled, everything, measured, wanted) {
  // The setting that all items saw: the others have an eighth of them.
  const most = Math.max(...pooled.rows.filter((row) => row.kind === 'codec').map((row) => row.items));
  const full = pooled.rows.filter((row) => row.kind !== 'codec' || row.items === most);
  const row = bestAt(full) ?? full.find(({ kind }) => kind === 'codec');
  if (!row) return [must('language: items measured', 0, '>= 1')];
  const whole = everything.rows.find((one) => one.label === row.label);
  const title = `language, ${row.label}`;
  return [
    must(`${title}: KL, answered items`, row.figures.kl.value, `<= ${KL}`),
    must(`${title}: KL, everything`, whole.figures.kl.value, `<= ${KL}`),
    must(`${title}: times fewer bytes than fp32`, whole.ratio, '>= 8'),
    must(
      `${title}: accuracy loss over ${row.items} items pooled, upper end of 95 %`,
      row.loss.correct.high,
      `<= ${LOSS}`,
    ),
    must('language: share of the wanted items measured', measured / wanted, '>= 1'),
  ];
}
