/** Manifests: a JSON file that says what a data folder holds, how items become inputs, and what is asked of the answers. */
import { SlicerError } from '../codec/errors.js';
import type { EvalItem, EvalTensor, EvalTensors, InputForm, LoadedItem } from './evaluate.js';
import { type ImageSpec, loadImages, pictureForms } from './images.js';
import { type LanguageItem, pack } from './language.js';
import {
  type BoxOptions,
  classificationTask,
  detectionTask,
  languageTask,
  recognitionTask,
  type Task,
} from './task.js';

/** The contents of a manifest; paths are relative to it. */
export interface Manifest {
  readonly task: 'classification' | 'language' | 'recognition' | 'detection';
  /** The model's input that an item's file is for; the only one unless given. */
  readonly input?: string;
  /** The output that is judged; the first unless given. */
  readonly output?: string;
  /** How pictures become tensors; without it files are .npy. */
  readonly image?: ImageSpec;
  /** Recognition: a file with one character a line, in the order of the classes behind the blank. */
  readonly alphabet?: string;
  /** Recognition: the output holds probabilities and not logits. */
  readonly probabilities?: boolean;
  /** Detection: how the output becomes boxes. */
  readonly boxes?: BoxOptions;
  /** Language: bytes of a token id in the row of ids; 2 unless given. */
  readonly idBytes?: number;
  /** A list, the name of a file with one (.json or .jsonl), or of a file that maps file names to labels. */
  readonly items: string | readonly ManifestItem[];
}

/** One item; `label` is a class number or the text that stands there. */
export interface ManifestItem {
  readonly file?: string;
  /** Several inputs: files by the input's name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly label?: number | string;
  readonly context?: readonly number[];
  readonly choices?: readonly (readonly number[])[];
  readonly sizes?: readonly number[];
}

/** How files are read; paths as the manifest has them. */
export interface ManifestFiles {
  /** A file as it is. */
  bytes(path: string): Promise<Uint8Array>;
  /** A `.npy` file as a tensor. */
  array(path: string): Promise<EvalTensor>;
  /** A short hash of a file's content. */
  mark(path: string): Promise<string>;
}

/** What a manifest gives. */
export interface LoadedManifest {
  readonly task: Task;
  readonly items: readonly EvalItem[];
}

const TASKS = ['classification', 'language', 'recognition', 'detection'];

/**
 * Reads a manifest.
 *
 * @param inputs - names of the whole model's inputs.
 * @throws SlicerError `bad_manifest` that names the field, `io_error` for files that are missing.
 */
export async function loadManifest(
  json: unknown,
  inputs: readonly string[],
  files: ManifestFiles,
): Promise<LoadedManifest> {
  const manifest = json as Manifest;
  if (typeof manifest !== 'object' || manifest === null) throw bad('it is no object');
  if (!TASKS.includes(manifest.task)) throw bad(`task is '${manifest.task}'; there is: ${TASKS.join(', ')}`);
  const list = await itemsOf(manifest, files);
  if (list.length === 0) throw bad('items is empty');
  const task = await taskOf(manifest, files);
  const images = manifest.image && (await loadImages(manifest.image));
  const items: EvalItem[] = [];
  for (const [n, item] of list.entries()) {
    if (manifest.task === 'language') {
      items.push(languageItem(item, n, inputs, manifest.idBytes ?? 2));
      continue;
    }
    if (manifest.task === 'classification' && item.label !== undefined && !Number.isInteger(item.label)) {
      throw bad(`items[${n}].label is '${item.label}', no class number`);
    }
    const named = item.files ?? (item.file === undefined ? undefined : { [inputName(manifest, inputs)]: item.file });
    if (!named || Object.keys(named).length === 0) throw bad(`items[${n}] names no file`);
    for (const [name, path] of Object.entries(named)) {
      if (!inputs.includes(name))
        throw bad(`items[${n}] is for the input '${name}'; the model has ${inputs.join(', ')}`);
      if (typeof path !== 'string') throw bad(`items[${n}] names a file that is no string`);
    }
    const marks = await Promise.all(Object.values(named).map((path) => files.mark(path)));
    const key = `${Object.values(named).join(' ')} ${marks.join(' ')} ${JSON.stringify([manifest.image, item.label])}`;
    items.push({
      key,
      async load(): Promise<LoadedItem> {
        const feeds: Record<string, EvalTensor> = {};
        let forms: (() => Promise<InputForm[]>) | undefined;
        for (const [name, path] of Object.entries(named)) {
          if (!images || /\.npy$/i.test(path)) {
            feeds[name] = await files.array(path);
            continue;
          }
          const canvas = await images.read(await files.bytes(path), path);
          feeds[name] = images.tensor(canvas);
          forms = () => pictureForms(images, canvas, (tensor) => ({ ...feeds, [name]: tensor }));
        }
        return { passes: [feeds], truth: item.label, forms };
      },
    });
  }
  return { task, items };
}

async function itemsOf({ items, task }: Manifest, files: ManifestFiles): Promise<readonly ManifestItem[]> {
  if (Array.isArray(items)) return items;
  if (typeof items !== 'string') throw bad('items is neither a list nor the name of a file');
  const text = new TextDecoder().decode(await files.bytes(items));
  try {
    if (/\.jsonl$/i.test(items))
      return text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line));
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed;
    if (task === 'language') throw new Error('it is no list');
    // File name → label; the files lie beside the list.
    const folder = items.includes('/') ? items.slice(0, items.lastIndexOf('/') + 1) : '';
    const labels = Object.entries(parsed as Record<string, number | string>);
    return labels.sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, label]) => ({ file: folder + file, label }));
  } catch (error) {
    throw bad(`${items} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

async function taskOf(manifest: Manifest, files: ManifestFiles): Promise<Task> {
  const { output, probabilities } = manifest;
  switch (manifest.task) {
    case 'classification':
      return classificationTask({ output });
    case 'language':
      return languageTask({ output });
    case 'recognition': {
      if (!manifest.alphabet) throw bad('recognition needs an alphabet');
      const text = new TextDecoder().decode(await files.bytes(manifest.alphabet));
      const characters = text.replace(/\r?\n$/, '').split(/\r?\n/);
      // The blank comes first, the space last, as these networks are trained.
      return recognitionTask(['', ...characters, ' '], { output, probabilities });
    }
    default: {
      const from = manifest.boxes?.from;
      if (from !== 'map' && from !== 'rows') throw bad("detection needs boxes: { from: 'map' } or { from: 'rows' }");
      return detectionTask({ output, ...(manifest.boxes as BoxOptions) });
    }
  }
}

function inputName({ input }: Manifest, inputs: readonly string[]): string {
  if (input !== undefined) return input;
  if (inputs.length === 1) return inputs[0];
  throw bad(`the model has ${inputs.length} inputs (${inputs.join(', ')}): name one in input, or give files by name`);
}

/** Names under which models take what a text is made of. */
const IDS = ['input_ids', 'ids', 'tokens'];

function languageItem(item: ManifestItem, n: number, inputs: readonly string[], idBytes: number): EvalItem {
  const { context, choices } = item;
  const isIds = (list: unknown) =>
    Array.isArray(list) && list.length > 0 && list.every((id) => Number.isSafeInteger(id) && id >= 0);
  if (!isIds(context)) throw bad(`items[${n}].context is no list of token ids`);
  if (!Array.isArray(choices) || choices.length === 0 || !choices.every(isIds)) {
    throw bad(`items[${n}].choices is no list of lists of token ids`);
  }
  const { label } = item;
  if (
    label !== undefined &&
    !(Number.isInteger(label) && (label as number) >= 0 && (label as number) < choices.length)
  ) {
    throw bad(`items[${n}].label is ${label}, none of its ${choices.length} choices`);
  }
  const ids = IDS.find((name) => inputs.includes(name));
  if (!ids)
    throw bad(
      `the model takes no token ids; its inputs are ${inputs.join(', ')}, and one of ${IDS.join(', ')} is wanted`,
    );
  const truth = item as LanguageItem;
  const tokens = truth.context.length + truth.choices.flat().length;
  // A model that takes a mask of its own gets all choices in one pass.
  const packed = inputs.includes('mask') && inputs.includes('positions');
  return {
    key: JSON.stringify([context, choices, label]),
    cost: tokens,
    async load() {
      const passes = packed
        ? [packedFeeds(truth, ids)]
        : truth.choices.map((choice) => rowFeeds([...truth.context, ...choice], ids));
      const form = { label: 'the token ids', bytes: idBytes * tokens };
      return { passes, truth, forms: async () => [form] };
    },
  };
}

function packedFeeds(item: LanguageItem, ids: string): EvalTensors {
  const packed = pack([item]);
  const n = packed.ids.length;
  return {
    [ids]: { type: 'int64', data: packed.ids, dims: [1, n] },
    positions: { type: 'int64', data: packed.positions, dims: [n] },
    mask: { type: 'float32', data: packed.mask, dims: [n, n] },
    rows: { type: 'int64', data: packed.rows, dims: [packed.rows.length] },
  };
}

function rowFeeds(list: readonly number[], ids: string): EvalTensors {
  const row = (data: BigInt64Array): EvalTensor => ({ type: 'int64', data, dims: [1, list.length] });
  return {
    [ids]: row(BigInt64Array.from(list, BigInt)),
    attention_mask: row(new BigInt64Array(list.length).fill(1n)),
    position_ids: row(BigInt64Array.from(list, (_, i) => BigInt(i))),
  };
}

function bad(why: string): SlicerError {
  return new SlicerError('bad_manifest', `The manifest is no good: ${why}.`, {
    advice: 'See the section on `slicer eval` in the README of the package.',
  });
}
