/** A split model as a whole: its parts from a folder that `slicer split` wrote, together or one by one. */
import { SlicerError } from '../codec/errors.js';
import { readDescription, type SplitDescription } from './description.js';
import type { LinkEncoding } from './message.js';
import { nodeRunner } from './ort-node.js';
import type { ModelSource, OpenRunner, RunnerOptions } from './runner.js';
import { type LinkOptions, type PartReport, SplitHead, SplitMiddle, SplitTail } from './split-part.js';
import type { ModelTensor, Tensors } from './tensors.js';

/** How parts are opened. */
export interface OpenOptions extends LinkOptions {
  /** What runs the models; `nodeRunner` unless given, `webRunner(ort)` in a browser. */
  runner?: OpenRunner;
  /** How they are run. */
  run?: RunnerOptions;
  /** What `cut.json` says, where it was read already. */
  description?: SplitDescription;
}

/**
 * Opens the head in a folder of parts.
 *
 * @param folder - path of the folder, or its URL where a page has one (`'/parts/'`).
 */
export async function openHead(folder: string, options: OpenOptions = {}): Promise<SplitHead> {
  const description = options.description ?? (await fetchDescription(folder));
  const runner = await openPart(folder, description, 0, options);
  return new SplitHead(runner, description.cuts[0].tensors, options);
}

/** Opens the middle behind cut number `index` (from 0) of a chain. */
export async function openMiddle(folder: string, index: number, options: OpenOptions = {}): Promise<SplitMiddle> {
  const description = options.description ?? (await fetchDescription(folder));
  const { cuts } = description;
  if (!(Number.isInteger(index) && index >= 0 && index < cuts.length - 1)) {
    const advice = `The chain has ${cuts.length - 1} middle part(s), counted from 0.`;
    throw new SlicerError('invalid_option', `there is no middle part ${index}`, { advice });
  }
  const runner = await openPart(folder, description, index + 1, options);
  return new SplitMiddle(runner, cuts[index].tensors, cuts[index + 1].tensors, options);
}

/** Opens the tail in a folder of parts. */
export async function openTail(folder: string, options: OpenOptions = {}): Promise<SplitTail> {
  const description = options.description ?? (await fetchDescription(folder));
  const runner = await openPart(folder, description, description.cuts.length, options);
  return new SplitTail(runner, description.cuts[description.cuts.length - 1].tensors, options);
}

/** What one run of a whole split model did: head first, tail last. */
export interface SplitReport {
  /** Bytes that crossed, over all cuts. */
  readonly bytes: number;
  readonly rawBytes: number;
  readonly head: PartReport;
  readonly middles: readonly PartReport[];
  readonly tail: PartReport;
}

/** Head, middles and tail in one process: for trials, tests and measurements. */
export class SplitModel {
  constructor(
    readonly head: SplitHead,
    readonly middles: readonly SplitMiddle[],
    readonly tail: SplitTail,
  ) {}

  /** Opens every part in a folder that `slicer split` wrote. */
  static async open(folder: string, options: OpenOptions = {}): Promise<SplitModel> {
    const description = options.description ?? (await fetchDescription(folder));
    const given = { ...options, description };
    const opened: { close(): Promise<void> }[] = [];
    const keep = <T extends { close(): Promise<void> }>(part: T): T => {
      opened.push(part);
      return part;
    };
    try {
      const head = keep(await openHead(folder, given));
      const middles: SplitMiddle[] = [];
      for (let i = 0; i < description.cuts.length - 1; i++) middles.push(keep(await openMiddle(folder, i, given)));
      return new SplitModel(head, middles, keep(await openTail(folder, given)));
    } catch (error) {
      await Promise.all(opened.map((part) => part.close()));
      throw error;
    }
  }

  /** Runs the model with every cut sent through the codec. Inputs that do not cross reach the part that reads them. */
  async run(
    feeds: Tensors,
    encoding?: LinkEncoding,
  ): Promise<{ outputs: Record<string, ModelTensor>; report: SplitReport }> {
    const first = await this.head.run(feeds, encoding);
    let { bytes, outputs } = first;
    const middles: PartReport[] = [];
    for (const middle of this.middles) {
      const next = await middle.run(bytes, feeds, encoding);
      middles.push(next.report);
      bytes = next.bytes;
      outputs = { ...outputs, ...next.outputs };
    }
    const last = await this.tail.run(bytes, feeds);
    const sent = [first.report, ...middles];
    const total = (key: 'bytes' | 'rawBytes') => sent.reduce((sum, report) => sum + report[key], 0);
    return {
      outputs: { ...outputs, ...last.outputs },
      report: { bytes: total('bytes'), rawBytes: total('rawBytes'), head: first.report, middles, tail: last.report },
    };
  }

  /** Gives the memory of all parts back. */
  async close(): Promise<void> {
    await Promise.all([this.head, ...this.middles, this.tail].map((part) => part.close()));
  }
}

async function openPart(folder: string, { parts }: SplitDescription, index: number, options: OpenOptions) {
  const { file, data } = parts[index];
  const open = options.runner ?? nodeRunner;
  const place = placeIn(folder);
  // In Node the runtime finds external weights beside the model by itself.
  const source: ModelSource = inNode() || !data ? place(file) : { model: place(file), data: { [data]: place(data) } };
  return open(source, options.run);
}

/** Reads the `cut.json` of a folder, by path in Node and by `fetch` elsewhere. */
async function fetchDescription(folder: string): Promise<SplitDescription> {
  const at = placeIn(folder)('cut.json');
  let json: unknown;
  try {
    if (inNode()) {
      const fs = 'node:fs/promises';
      const { readFile } = (await import(fs)) as typeof import('node:fs/promises');
      json = JSON.parse(await readFile(at, 'utf8'));
    } else {
      const response = await fetch(at);
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      json = await response.json();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const code = cause instanceof SyntaxError ? 'bad_cut' : 'io_error';
    const advice = 'Give the folder that `slicer split` wrote.';
    throw new SlicerError(code, `cannot read ${at}: ${reason}`, { advice, cause });
  }
  return readDescription(json);
}

function placeIn(folder: string): (file: string) => string {
  const base = folder === '' || /[\\/]$/.test(folder) ? folder : `${folder}/`;
  return (file) => `${base}${file}`;
}

function inNode(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return typeof process?.versions?.node === 'string';
}
