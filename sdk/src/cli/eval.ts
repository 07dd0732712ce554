/** `slicer eval MANIFEST.json --parts DIR`: what a split costs a task, setting by setting. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SlicerError } from '../codec/errors.js';
import { Mismatch } from '../eval/mismatch.js';
import { readInput, writeOutput } from './files.js';
import { type CommonOptions, Reporter, safe } from './report.js';
import { readSupplied } from './supplied.js';

/** Flags of `eval`. */
export interface EvalFlags extends CommonOptions {
  parts: string;
  setting?: string[];
  out: string;
  items?: number;
  plot?: boolean;
  title?: string;
}

/** Settings that are tried when none is named: from nearly exact to small. */
const DEFAULTS = [
  'near-lossless',
  'balanced',
  'small',
  'nrmse=0.2',
  'nrmse=0.3',
  'nrmse=0.2,effort=dense',
  'nrmse=0.3,effort=dense',
];

export async function evalCommand(path: string, flags: EvalFlags): Promise<void> {
  const reporter = new Reporter(flags);
  reporter.size(Number.POSITIVE_INFINITY);
  const lib = await import('../eval/index.js');
  const { nodeRunner, readDescription } = await import('../runtime/index.js');
  // Everything that may be wrong is looked at before anything runs.
  const plot = flags.plot ? await lib.loadPlot() : undefined;
  const settings = await Promise.all(
    (flags.setting ?? DEFAULTS).map(async (text) => {
      const parsed = lib.parseSetting(text);
      return lib.makeSetting(parsed, parsed.profile === undefined ? undefined : await readInput(parsed.profile));
    }),
  );
  const json = async (file: string) => parseJson(await readInput(file), file);
  const description = readDescription(await json(join(flags.parts, 'cut.json')));
  if (description.parts.length !== 2) {
    throw new SlicerError(
      'invalid_option',
      `--parts: ${flags.parts} holds a chain of ${description.parts.length} parts.`,
      {
        advice: 'Split the model at one cut: `slicer split MODEL --at NAME -o DIR`.',
      },
    );
  }
  const [headPart, tailPart] = description.parts;
  const crossing = description.cuts[0].tensors.map(({ name }) => name);
  const inside = new Set([...crossing, ...headPart.outputs.map(({ name }) => name)]);
  const inputs = [...new Set([...headPart.inputs, ...tailPart.inputs].map(({ name }) => name))].filter(
    (name) => !inside.has(name),
  );
  const beside = (file: string) => join(dirname(path), file);
  const { task, items } = await lib.loadManifest(await json(path), inputs, {
    bytes: (file) => readInput(beside(file)),
    array: async (file) => (await readSupplied([beside(file)]))[''][0] as never,
    mark: async (file) =>
      createHash('sha256')
        .update(await readInput(beside(file)))
        .digest('hex')
        .slice(0, 12),
  });
  const wanted = items.slice(0, flags.items ?? items.length);
  await mkdir(flags.out, { recursive: true });
  const head = await nodeRunner(join(flags.parts, headPart.file));
  const tail = await nodeRunner(join(flags.parts, tailPart.file));
  const measured = lib.evaluate({
    head,
    tail,
    crossing,
    task,
    items: wanted,
    settings,
    journal: new lib.Journal(join(flags.out, 'eval.jsonl')),
    scope: `${headPart.sha256.slice(0, 12)} ${tailPart.sha256.slice(0, 12)} ${await codecMark()}`,
    progress: (done, total, seconds) => reporter.progress(`item ${done} of ${total}${timeLeft(seconds)};`, done, total),
  });
  const records = await measured.catch((cause: unknown) => {
    throw explained(cause);
  });
  await Promise.all([head.close(), tail.close()]);
  const summary = lib.summarise(task, records, settings);
  const title = flags.title ?? `${description.model.file} split at ${crossing.join(', ')}`;
  const result = {
    format: 'slicer-eval',
    version: 1,
    title,
    model: description.model,
    crossing,
    parts: { head: headPart.bytes, tail: tailPart.bytes },
    manifest: basename(path),
    summary,
  };
  const files = [
    join(flags.out, 'eval.json'),
    join(flags.out, 'eval.md'),
    ...(plot ? [join(flags.out, 'eval.svg')] : []),
  ];
  const texts = [
    `${JSON.stringify(result, null, 1)}\n`,
    lib.markdownPage(title, task, summary),
    ...(plot ? [plot(title, task, summary)] : []),
  ];
  for (const [i, file] of files.entries()) await writeOutput(file, [new TextEncoder().encode(texts[i])]);
  reporter.result({ command: 'eval', files, ...result }, [
    `${safe(title)}: ${summary.items} items`,
    lib.markdownTable(task, summary),
    ...files.map((file) => `wrote ${file}`),
  ]);
}

function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SlicerError('bad_manifest', `${file} is no JSON: ${reason}`, { advice: 'Correct the file.', cause });
  }
}

/** The codec that measures: results of another one are not taken over. */
async function codecMark(): Promise<string> {
  const { simd } = await import('../generated/full.js');
  return createHash('sha256').update(simd).digest('hex').slice(0, 12);
}

function timeLeft(seconds: number | undefined): string {
  if (seconds === undefined) return '';
  return seconds < 90 ? `, ${Math.ceil(seconds)} s left` : `, ${Math.ceil(seconds / 60)} min left`;
}

/** What an evaluation failed with, in the manifest's terms where it is the manifest: nobody knows before the model has run. */
export function explained(cause: unknown): unknown {
  // Labels that are no classes, an output that is not there; a runtime's own range errors are none of these.
  if (!(cause instanceof Mismatch)) return cause;
  return new SlicerError('bad_manifest', `Manifest and model do not fit: ${cause.message}.`, {
    advice: 'Check task, labels and output of the manifest, and that these are the parts of the right model.',
    cause,
  });
}
