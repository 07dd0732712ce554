/**
 * Language benchmarks: a context and its continuations in one pass, what a model's logits say of them, and measures of it.
 */
import type { Target } from './kl.js';
import { Mismatch } from './mismatch.js';

/** A context and what may follow it, as token ids. */
export interface LanguageItem {
  readonly context: readonly number[];
  readonly choices: readonly (readonly number[])[];
  /** Bytes of the choices' texts, by which their log-likelihoods are divided; their tokens where it is missing. */
  readonly sizes?: readonly number[];
  /** Index of the right choice. */
  readonly label?: number;
}

/** Items as one row of tokens: every choice behind its context, none of them seeing another, nor another item. */
export interface Packed {
  readonly ids: BigInt64Array;
  /** Place of every token in its own text. */
  readonly positions: BigInt64Array;
  /** tokens × tokens, added to attention scores: 0 where the row's token sees the column's, else -1e9. */
  readonly mask: Float32Array;
  /** The tokens whose logits predict a token of a choice, item by item and choice by choice. */
  readonly rows: BigInt64Array;
  /** The token each of those should predict. */
  readonly targets: readonly number[];
  /** Where each item's tokens and rows begin, and, last, where all end. */
  readonly spans: readonly { readonly token: number; readonly row: number }[];
}

/**
 * Packs items for one pass.
 *
 * @throws RangeError when a context or a choice is empty.
 */
export function pack(items: readonly LanguageItem[]): Packed {
  const [ids, positions, rows, targets]: [number[], number[], number[], number[]] = [[], [], [], []];
  // The choice a token belongs to; -1 for a context.
  const choosers: number[] = [];
  const spans = [{ token: 0, row: 0 }];
  const put = (id: number, position: number, choice: number) => {
    ids.push(id);
    positions.push(position);
    choosers.push(choice);
  };
  for (const [n, { context, choices }] of items.entries()) {
    if (context.length === 0 || choices.length === 0 || choices.some((choice) => choice.length === 0)) {
      throw new Mismatch(`item ${n} needs a context and choices of at least one token`);
    }
    for (const [i, id] of context.entries()) put(id, i, -1);
    const last = ids.length - 1;
    for (const [c, choice] of choices.entries()) {
      const start = ids.length;
      for (const [i, id] of choice.entries()) {
        rows.push(i === 0 ? last : start + i - 1);
        targets.push(id);
        put(id, context.length + i, c);
      }
    }
    spans.push({ token: ids.length, row: rows.length });
  }
  const mask = new Float32Array(ids.length * ids.length).fill(-1e9);
  for (const [n, { token: end }] of spans.slice(1).entries()) {
    for (let row = spans[n].token; row < end; row++) {
      for (let column = spans[n].token; column <= row; column++) {
        if (choosers[column] === -1 || choosers[column] === choosers[row]) mask[row * ids.length + column] = 0;
      }
    }
  }
  const long = (list: readonly number[]) => BigInt64Array.from(list, BigInt);
  return { ids: long(ids), positions: long(positions), mask, rows: long(rows), targets, spans };
}

/** What logits say of an item's choices. */
export interface Scores {
  /** Log-likelihood of every choice, nats. */
  readonly choices: readonly number[];
  /** Of every choice, whether each of its tokens is the likeliest. */
  readonly greedy: readonly boolean[];
}

/** Scores what logits say of `pack(item).targets`, row by row. */
export function score(item: LanguageItem, targets: readonly Target[]): Scores {
  let row = 0;
  const [choices, greedy]: [number[], boolean[]] = [[], []];
  for (const choice of item.choices) {
    const own = targets.slice(row, row + choice.length);
    if (own.length < choice.length) throw new Mismatch(`${targets.length} rows are too few for the item's choices`);
    choices.push(own.reduce((sum, { log }) => sum + log, 0));
    greedy.push(own.every(({ top }) => top));
    row += choice.length;
  }
  return { choices, greedy };
}

/** The choice with the highest log-likelihood per byte of its text (`sizes`), or per token. */
export function bestChoice(item: LanguageItem, { choices }: Scores): number {
  const size = (i: number) => item.sizes?.[i] ?? item.choices[i].length;
  let best = 0;
  for (let i = 1; i < choices.length; i++) {
    if (choices[i] / size(i) > choices[best] / size(best)) best = i;
  }
  return best;
}

/** 1 or 0: the right choice, or, of an item with one choice, whether greedy decoding gives it. */
export function correctness(item: LanguageItem, scores: Scores): number | undefined {
  if (item.label !== undefined) return bestChoice(item, scores) === item.label ? 1 : 0;
  return item.choices.length === 1 ? Number(scores.greedy[0]) : undefined;
}
