/** What is asked of a network's answers: one task of four, each a way to turn outputs into figures. */

import { type Measure, meanOf, ratioOf } from './bootstrap.js';
import { classify } from './classification.js';
import {
  averagePrecision,
  type Box,
  boxesOfMap,
  boxesOfRows,
  type MapOptions,
  type Matches,
  matchBoxes,
} from './detection.js';
import { Reference } from './kl.js';
import { bestChoice, correctness, type LanguageItem, type Scores, score } from './language.js';
import { Mismatch } from './mismatch.js';
import { characterErrors, readLine } from './recognition.js';

/** An answer of the network to one item: its outputs, one set for every pass the item takes. */
export type Answer = readonly Readonly<
  Record<string, { readonly data: ArrayLike<number>; readonly dims: readonly number[] }>
>[];

/** Figures of one item under one setting; what is not known is absent. They are kept as JSON. */
export type Figures = Readonly<Record<string, number | Matches | undefined>>;

/** One column of the table. */
export interface Column {
  readonly key: string;
  readonly title: string;
  readonly measure: Measure<Figures>;
  /** Printed as per cent. */
  readonly percent?: boolean;
  /** Whether larger is better; the loss of such a figure is what the unsplit network has more. */
  readonly score?: boolean;
}

/** One kind of task. */
export interface Task {
  readonly name: string;
  readonly columns: readonly Column[];
  /**
   * Prepares the unsplit network's answer to an item; the function that comes back gives the figures of any answer to the same
   * item, the unsplit one's included.
   */
  prepare(reference: Answer, item: { readonly truth?: unknown }): (answer: Answer) => Figures;
}

const number = (key: string) => meanOf<Figures>((item) => item[key] as number | undefined);
const column = (key: string, title: string, rest: Partial<Column> = {}): Column => ({
  key,
  title,
  measure: number(key),
  ...rest,
});
const KL = column('kl', 'KL');
const AGREEMENT = column('agreement', 'same answer', { percent: true });

function output(answer: Answer, pass: number, name: string | undefined) {
  const outputs = answer[pass];
  const found = name === undefined ? Object.values(outputs)[0] : outputs[name];
  if (!found) throw new Mismatch(`the model has no output '${name}'; it has ${Object.keys(outputs).join(', ')}`);
  return found;
}

/** Class numbers: `truth` is the right one, or absent. */
export function classificationTask(options: { output?: string } = {}): Task {
  return {
    name: 'classification',
    columns: [
      KL,
      AGREEMENT,
      column('top1', 'top-1', { percent: true, score: true }),
      column('top5', 'top-5', { percent: true, score: true }),
    ],
    prepare(reference, { truth }) {
      const prepared = new Reference(output(reference, 0, options.output).data);
      return (answer) => {
        const { data } = output(answer, 0, options.output);
        return { ...classify(prepared, data, truth as number | undefined) };
      };
    },
  };
}

/** Continuations of texts: `truth` is the item itself. Passes are either one for all choices or one a choice. */
export function languageTask(options: { output?: string } = {}): Task {
  return {
    name: 'language',
    columns: [
      KL,
      AGREEMENT,
      column('sameChoice', 'same choice', { percent: true }),
      column('correct', 'right', { percent: true, score: true }),
      {
        key: 'perplexity',
        title: 'perplexity',
        measure: (items) =>
          Math.exp(
            ratioOf<Figures>(
              (i) => i.nll as number,
              (i) => i.positions as number,
            )(items),
          ),
      },
    ],
    prepare(reference, { truth }) {
      const item = truth as LanguageItem;
      const targets = item.choices.flat();
      const prepared = new Reference(scoredRows(reference, item, options.output), classesOf(reference, options.output));
      const own = score(item, prepared.targets(targets));
      return (answer) => {
        const { kl, agreement, targets: found } = prepared.compare(scoredRows(answer, item, options.output), targets);
        const scores = score(item, found);
        return { kl, agreement, ...languageFigures(item, scores, own) };
      };
    },
  };
}

/** Figures of a language item that do not need the logits any more. */
export function languageFigures(item: LanguageItem, scores: Scores, reference: Scores): Figures {
  const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
  // Perplexity is that of the text that stands there: the right choice, or all where none is named.
  const read = item.label === undefined ? scores.choices : [scores.choices[item.label]];
  const positions = item.label === undefined ? item.choices.flat().length : item.choices[item.label].length;
  const several = item.choices.length > 1;
  return {
    nll: -sum(read),
    positions,
    sameChoice: several ? Number(bestChoice(item, scores) === bestChoice(item, reference)) : undefined,
    correct: correctness(item, scores),
  };
}

const classesOf = (answer: Answer, name: string | undefined) => output(answer, 0, name).dims.at(-1) ?? 1;

/** The logits that predict the tokens of the choices: all rows of one pass, or the last of a pass a choice. */
function scoredRows(answer: Answer, item: LanguageItem, name: string | undefined): ArrayLike<number> {
  const classes = classesOf(answer, name);
  const all = item.choices.flat().length * classes;
  const [first] = [output(answer, 0, name)];
  if (answer.length === 1 && first.data.length === all) return first.data;
  const rows = new Float32Array(all);
  let at = 0;
  for (const [pass, choice] of item.choices.entries()) {
    const { data } = output(answer, pass, name);
    const start = (item.context.length - 1) * classes;
    for (let i = 0; i < choice.length * classes; i++) rows[at + i] = data[start + i];
    at += choice.length * classes;
  }
  return rows;
}

/** Lines of text by CTC: `truth` is what stands there, or absent. `alphabet[0]` is the blank. */
export function recognitionTask(
  alphabet: readonly string[],
  options: { output?: string; probabilities?: boolean } = {},
): Task {
  const rate = (edits: string, characters: string) =>
    ratioOf<Figures>(
      (item) => (item[edits] as number | undefined) ?? 0,
      (item) => (item[characters] as number | undefined) ?? 0,
    );
  return {
    name: 'recognition',
    columns: [
      KL,
      column('same', 'same text', { percent: true }),
      { key: 'moved', title: 'CER to unsplit', measure: rate('moved', 'length'), percent: true },
      { key: 'errors', title: 'CER', measure: rate('errors', 'characters'), percent: true },
    ],
    prepare(reference, { truth }) {
      const logits = (answer: Answer) => {
        const { data } = output(answer, 0, options.output);
        // Networks that end in a softmax give probabilities: their logarithms are logits.
        return options.probabilities ? Float64Array.from(data, (p) => Math.log(Math.max(p, 1e-30))) : data;
      };
      const own = logits(reference);
      const prepared = new Reference(own, alphabet.length);
      const read = readLine(own, alphabet);
      return (answer) => {
        const other = logits(answer);
        const text = readLine(other, alphabet);
        const { kl, agreement } = prepared.compare(other);
        const moved = characterErrors(text, read);
        const errors = typeof truth === 'string' ? characterErrors(text, truth) : undefined;
        return {
          kl,
          agreement,
          same: Number(text === read),
          moved: moved.edits,
          length: moved.characters,
          errors: errors?.edits,
          characters: errors?.characters,
          right: typeof truth === 'string' ? Number(text === truth) : undefined,
        };
      };
    },
  };
}

/** How a detector's output becomes boxes. */
export type BoxOptions = { output?: string } & (({ from: 'map' } & MapOptions) | { from: 'rows'; score?: number });

/** Boxes of the split network against those of the unsplit one. */
export function detectionTask(options: BoxOptions): Task {
  const boxesOf = (answer: Answer): Box[] => {
    const { data, dims } = output(answer, 0, options.output);
    const [height, width] = dims.slice(-2);
    return options.from === 'map' ? boxesOfMap(data, width, height, options) : boxesOfRows(data, width, options.score);
  };
  const precision =
    (onlyFirst: boolean): Measure<Figures> =>
    (items) =>
      averagePrecision(
        items.map((item) => item.matches as Matches),
        onlyFirst,
      );
  return {
    name: 'detection',
    columns: [
      { key: 'map', title: 'mAP 0.5:0.95', measure: precision(false), percent: true, score: true },
      { key: 'map50', title: 'mAP 0.5', measure: precision(true), percent: true, score: true },
      column('boxes', 'boxes an image'),
    ],
    prepare(reference) {
      const own = boxesOf(reference);
      return (answer) => {
        const boxes = boxesOf(answer);
        return { matches: matchBoxes(own, boxes), boxes: boxes.length };
      };
    },
  };
}
