/** The measurement itself: every item through the head, across the cut under every setting, through the tail. */
import type { Tensor } from '../codec/types.js';
import type { Journal } from './journal.js';
import { Mismatch } from './mismatch.js';
import type { Setting } from './setting.js';
import type { Answer, Figures, Task } from './task.js';

/** A tensor as a runtime takes and gives it. */
export interface EvalTensor {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: typed arrays of every kind, bigints and halves among them.
  readonly data: any;
  readonly dims: readonly number[];
}

/** Tensors by name. */
export type EvalTensors = Readonly<Record<string, EvalTensor>>;

/** A part of the split model; a `Runner` of `slicer-codec/runtime` is one. */
export interface EvalPart {
  readonly inputs: readonly { readonly name: string }[];
  /** Runs the part; resolves with all of its outputs by name. */
  run(feeds: EvalTensors): Promise<Record<string, EvalTensor>>;
}

/** Another form of the input, sent instead of the tensor: a picture format, token ids. */
export interface InputForm {
  readonly label: string;
  readonly bytes: number;
  /** The feeds as the server has them after that; the unsplit ones where the form is exact. */
  readonly passes?: readonly EvalTensors[];
}

/** One item, loaded when it is its turn. */
export interface EvalItem {
  /** Names the item and its content in the journal. */
  readonly key: string;
  /** The work it is, in any unit, for the time left; 1 unless given. */
  readonly cost?: number;
  /** Reads the item; called when it is its turn, and not where the journal has everything. */
  load(): Promise<LoadedItem>;
}

/** What an item holds. */
export interface LoadedItem {
  /** Feeds of the whole model, a set for every pass. */
  readonly passes: readonly EvalTensors[];
  readonly truth?: unknown;
  /** Other forms of the input, each measured beside the settings. */
  forms?(): Promise<readonly InputForm[]>;
}

/** Figures of one item under one setting, with its cost. */
export interface Cell {
  readonly bytes: number;
  readonly encodeMs: number;
  readonly decodeMs: number;
  readonly figures: Figures;
}

/** Everything measured on one item. */
export interface ItemRecord {
  readonly rawBytes: number;
  readonly headMs: number;
  readonly tailMs: number;
  readonly unsplit: Figures;
  /** By label. */
  readonly settings: Readonly<Record<string, Cell>>;
  readonly forms: Readonly<Record<string, { readonly bytes: number; readonly figures: Figures }>>;
}

/** What `evaluate` works with. */
export interface EvaluateOptions {
  readonly head: EvalPart;
  readonly tail: EvalPart;
  /** Names of the tensors that cross. */
  readonly crossing: readonly string[];
  readonly task: Task;
  readonly items: readonly EvalItem[];
  readonly settings: readonly Setting[];
  /** Where finished items are kept; `scope` names the model, the cut and the codec. */
  readonly journal: Journal;
  readonly scope: string;
  /** Told after every item: items done, items in all, and an estimate of the seconds left once there is one. */
  readonly progress?: (done: number, total: number, secondsLeft: number | undefined) => void;
}

/** Measures what the journal does not hold; resolves with a record per item, in their order. */
export async function evaluate(options: EvaluateOptions): Promise<ItemRecord[]> {
  const { items, settings, journal, scope } = options;
  const costOf = (item: EvalItem) => item.cost ?? 1;
  const total = items.reduce((sum, item) => sum + costOf(item), 0);
  const start = performance.now();
  const records: ItemRecord[] = [];
  let [done, worked] = [0, 0];
  for (const item of items) {
    const key = `${scope} | ${options.task.name} | ${item.key}`;
    const kept = journal.get<ItemRecord>(key);
    const missing = settings.filter((setting) => kept?.settings[setting.key] === undefined);
    let record = kept;
    if (!record || missing.length > 0) {
      record = await measure(options, await item.load(), missing, kept);
      journal.set(key, record);
      worked += costOf(item);
    }
    records.push(record);
    done += costOf(item);
    const left = worked > 0 ? ((performance.now() - start) / 1000 / worked) * (total - done) : undefined;
    options.progress?.(records.length, items.length, left);
  }
  return records;
}

async function measure(
  { head, tail, crossing, task }: EvaluateOptions,
  item: LoadedItem,
  settings: readonly Setting[],
  kept: ItemRecord | undefined,
): Promise<ItemRecord> {
  const passes = await Promise.all(item.passes.map((feeds) => through(head, tail, crossing, feeds)));
  const compare = task.prepare(passes.map(({ outputs }) => outputs) as Answer, item);
  const unsplit = compare(passes.map(({ outputs }) => outputs) as Answer);
  const cells: Record<string, Cell> = { ...kept?.settings };
  for (const setting of settings) {
    const answer: Record<string, EvalTensor>[] = [];
    let [bytes, encodeMs, decodeMs] = [0, 0, 0];
    for (const pass of passes) {
      const arrived: Record<string, EvalTensor> = {};
      for (const [name, tensor] of Object.entries(pass.crossing)) {
        const real = /^(float32|float16|bfloat16)$/.test(tensor.type);
        // What is no real number is a symbol and travels as it is.
        const found = real ? setting.code(tensor as Tensor) : plain(tensor);
        arrived[name] = { type: tensor.type, data: found.data, dims: tensor.dims };
        bytes += found.bytes;
        encodeMs += found.encodeMs;
        decodeMs += found.decodeMs;
      }
      answer.push({ ...pass.early, ...(await tail.run(pick(tail, { ...pass.feeds, ...arrived }))) });
    }
    cells[setting.key] = { bytes, encodeMs, decodeMs, figures: compare(answer as Answer) };
  }
  const forms: Record<string, { bytes: number; figures: Figures }> = { ...kept?.forms };
  if (!kept) {
    for (const form of (await item.forms?.()) ?? []) {
      const answer =
        form.passes && (await Promise.all(form.passes.map((feeds) => through(head, tail, crossing, feeds))));
      const figures = answer ? compare(answer.map(({ outputs }) => outputs) as Answer) : unsplit;
      forms[form.label] = { bytes: form.bytes, figures };
    }
  }
  const sum = (of: (pass: (typeof passes)[number]) => number) => passes.reduce((total, pass) => total + of(pass), 0);
  return {
    rawBytes: sum((pass) => Object.values(pass.crossing).reduce((bytes, { data }) => bytes + data.byteLength, 0)),
    headMs: sum((pass) => pass.headMs),
    tailMs: sum((pass) => pass.tailMs),
    unsplit,
    settings: cells,
    forms,
  };
}

const plain = ({ data }: EvalTensor) => ({ data, bytes: data.byteLength as number, encodeMs: 0, decodeMs: 0 });

/** Head and tail with nothing between them. */
async function through(head: EvalPart, tail: EvalPart, names: readonly string[], feeds: EvalTensors) {
  const start = performance.now();
  const made = await head.run(pick(head, feeds));
  const middle = performance.now();
  const crossing: Record<string, EvalTensor> = {};
  for (const name of names) {
    const tensor = made[name] ?? feeds[name];
    if (!tensor) throw new Mismatch(`the head gives no '${name}'; it gives ${Object.keys(made).join(', ')}`);
    // A copy: a runtime may use its buffers again.
    crossing[name] = { type: tensor.type, data: tensor.data.slice(), dims: [...tensor.dims] };
  }
  const early = Object.fromEntries(Object.entries(made).filter(([name]) => !names.includes(name)));
  const outputs = { ...early, ...(await tail.run(pick(tail, { ...feeds, ...crossing }))) };
  return { feeds, crossing, early, outputs, headMs: middle - start, tailMs: performance.now() - middle };
}

/** The tensors a part takes. */
function pick(part: EvalPart, tensors: EvalTensors): EvalTensors {
  return Object.fromEntries(part.inputs.flatMap(({ name }) => (tensors[name] ? [[name, tensors[name]]] : [])));
}
